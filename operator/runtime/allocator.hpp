// How the C library's allocator serves this process.
#pragma once

namespace patchwave::runtime {

/// One heap for all threads, which gives back what is free at its end. By itself glibc gives each of some
/// twenty threads a heap of its own; an object is decoded on one thread and replaced on another, so every
/// heap keeps the holes of what has moved away, and resident memory is twice what is in use. The threads
/// mostly wait for the network: they don't contend. Before the first thread starts.
void share_one_heap();

}  // namespace patchwave::runtime
