// What keeps a process usable after fork(): in the child nothing of ours is locked, and loops on
// several threads run on a thread that has them.
#pragma once

#include <functional>
#include <mutex>

namespace convoy {

// While one lives, a fork() by another thread waits, for ten seconds at most: what is changed
// meanwhile is whole in the child. Nests. For short work that calls nothing of a user's, who may
// wait for the thread that forks.
class NoFork {
 public:
  NoFork();
  ~NoFork();
  NoFork(const NoFork&) = delete;
  NoFork& operator=(const NoFork&) = delete;
};

// A mutex that is free in a child, whatever other threads of the parent were doing.
class ForkSafeMutex {
 public:
  void lock();
  void unlock();

 private:
  std::mutex mutex_;
};

// Differs between a process and the children that it forks.
int fork_generation();

// True in a child, on the thread that called fork(): it still has the OpenMP pool that it had in
// the parent, but none of the pool's threads, so that a parallel region would wait forever.
bool came_through_fork();

// Calls `body` on a thread other than the caller's, the same for every call, and waits for it.
// Exceptions come through. Throws kOutOfMemory where no thread can be made.
void call_on_own_thread(const std::function<void()>& body);

// Calls `body` where parallel regions of several threads work: here, or if came_through_fork() on
// a thread made since.
template <typename Body>
void call_with_threads(const Body& body) {
  if (came_through_fork()) {
    call_on_own_thread(std::cref(body));
  } else {
    body();
  }
}

}  // namespace convoy
