#include "runtime/base/caught.h"

#include <new>
#include <stdexcept>

namespace convoy {

Error caught_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return {ErrorCode::kOutOfMemory, "there is not enough memory"};
  } catch (const std::length_error&) {
    return {ErrorCode::kOutOfMemory, "a list would be longer than memory can be"};
  } catch (...) {
    return {ErrorCode::kInternal, "something failed that never should; please report it"};
  }
}

void rethrow_caught(const ErrorContext& context) {
  try {
    throw;
  } catch (Error& error) {
    error.add_context(context);
    throw;
  } catch (...) {
    Error error = caught_error();
    error.add_context(context);
    throw error;
  }
}

}  // namespace convoy
