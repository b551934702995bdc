// Elementwise kernels for any element type, from a function of one element of each input.
#pragma once

#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "ops/kernels/elementwise/strided_walk.h"
#include "runtime/op/kernel.h"

namespace convoy::elementwise {

// The walk over output 0 and then the inputs as they lie in this run; trailing_axes as in
// legacy_broadcast.h.
StridedWalk walk_of(const KernelContext& context, int inputs, int trailing_axes);

namespace detail {

template <typename Out, typename F, typename... In, size_t... I>
void typed_row(const F& f, Out* out, const int64_t* steps, int64_t count, std::index_sequence<I...>,
               const In*... in) {
  if (steps[0] == 1 && ((steps[I + 1] == 1) && ...)) {
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<Out>(f(in[i]...));
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    out[i * steps[0]] = static_cast<Out>(f(in[i * steps[I + 1]]...));
  }
}

template <typename Out, typename... In, typename F, size_t... I>
void run_typed(KernelContext& context, const F& f, int trailing_axes,
               std::index_sequence<I...> indices) {
  StridedWalk walk = walk_of(context, sizeof...(In), trailing_axes);
  int64_t steps[] = {walk.row_step(0), walk.row_step(static_cast<int>(I) + 1)...};
  Out* out = context.output(0).as<Out>();
  std::tuple<const In*...> in{context.input(static_cast<int>(I)).template as<const In>()...};
  context.threads().parallel_for(walk.count, 16384, [&](int64_t begin, int64_t end) {
    for_each_row(walk, begin, end, [&](const WalkPosition& position, int64_t points) {
      typed_row<Out>(f, out + position.offset(0), steps, points, indices,
                     (std::get<I>(in) + position.offset(static_cast<int>(I) + 1))...);
    });
  });
}

}  // namespace detail

// out[i] = f(in0[i], …) at once, on operands of the types In and Out.
template <typename Out, typename... In, typename F>
void run_typed(KernelContext& context, const F& f, int trailing_axes = 0) {
  detail::run_typed<Out, In...>(context, f, trailing_axes, std::index_sequence_for<In...>{});
}

// make_typed_kernel for types that only need to have the size of the operands' elements; the caller
// has checked the operands' types.
template <typename Out, typename... In, typename F>
std::unique_ptr<Kernel> make_raw_kernel(KernelRequest& request, F f, int trailing_axes = 0) {
  request.accept_output_strides(0);
  int i = 0;
  ((request.accept_strides(i), std::is_same_v<In, Out> ? request.allow_in_place(i, 0) : void(),
    ++i),
   ...);
  return make_kernel([f, trailing_axes](KernelContext& context) {
    run_typed<Out, In...>(context, f, trailing_axes);
  });
}

// out[i] = f(in0[i], …): inputs of types In broadcast to output 0 of type Out. Any strides; may
// write over an input of its own type; trailing_axes as in legacy_broadcast.h.
template <typename Out, typename... In, typename F>
std::unique_ptr<Kernel> make_typed_kernel(KernelRequest& request, F f, int trailing_axes = 0) {
  request.accept_output_strides(0);
  int i = 0;
  check_model(request.input_count() >= static_cast<int>(sizeof...(In)) &&
                  request.output(0).dtype == dtype_of<Out> &&
                  ((request.input(i++).dtype == dtype_of<In>) && ...),
              "the element types of the operands do not fit the operator");
  return make_raw_kernel<Out, In...>(request, std::move(f), trailing_axes);
}

}  // namespace convoy::elementwise
