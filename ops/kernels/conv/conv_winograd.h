// The transforms of winograd_conv.h. Included after conv_tile.h, under the same rules.

template <class V>
void winograd_halves(const float* __restrict x, int64_t blocks, int64_t size,
                     float* __restrict even, float* __restrict odd) {
  switch (size) {
    case 1:
      for (int64_t i = 0; i < blocks; ++i) even[i] = x[2 * i], odd[i] = x[2 * i + 1];
      return;
    case 2:
      for (int64_t i = 0; i < 2 * blocks; i += 2) {
        __builtin_memcpy(even + i, x + 2 * i, 2 * sizeof(float));
        __builtin_memcpy(odd + i, x + 2 * i + 2, 2 * sizeof(float));
      }
      return;
    case 4:
      for (int64_t i = 0; i < 4 * blocks; i += 4) {
        __builtin_memcpy(even + i, x + 2 * i, 4 * sizeof(float));
        __builtin_memcpy(odd + i, x + 2 * i + 4, 4 * sizeof(float));
      }
      return;
    default:
      for (int64_t b = 0; b < blocks; ++b)
        for (int64_t i = 0; i < size; ++i) {
          even[b * size + i] = x[2 * b * size + i];
          odd[b * size + i] = x[(2 * b + 1) * size + i];
        }
  }
}

template <class V>
__attribute__((always_inline)) inline void winograd_step(const WinogradInput& a,
                                                         const float* const* x, int64_t i,
                                                         float* v) {
  const auto d0 = V::load(x[0] + i), d1 = V::load(x[1] + i);
  const auto d2 = V::load(x[2] + i), d3 = V::load(x[3] + i);
  V::store(v + i, V::sub(d0, d2));
  V::store(v + a.v_copy + i, V::add(d1, d2));
  V::store(v + 2 * a.v_copy + i, V::sub(d2, d1));
  V::store(v + 3 * a.v_copy + i, V::sub(d1, d3));
}

// Rows in order: the end of a whole vector lies in what is written next.
template <class V>
void winograd_input(const WinogradInput& a) {
  for (int64_t row = 0; row < a.rows; ++row)
    for (int64_t run = 0; run < a.runs; ++run) {
      const float* x[4];
      for (int k = 0; k < 4; ++k) x[k] = a.x[k] + row * a.x_row + run * a.x_run;
      float* const v = a.v + row * a.v_row + run * a.run;
      if (a.whole && a.run <= V::lanes) {
        winograd_step<V>(a, x, 0, v);
        continue;
      }
      int64_t i = 0;
      for (; i + V::lanes <= a.run; i += V::lanes) winograd_step<V>(a, x, i, v);
      for (; i < a.run; ++i) {
        v[i] = x[0][i] - x[2][i];
        v[a.v_copy + i] = x[1][i] + x[2][i];
        v[2 * a.v_copy + i] = x[2][i] - x[1][i];
        v[3 * a.v_copy + i] = x[1][i] - x[3][i];
      }
    }
}

// NV vectors a pixel.
template <class V, int NV>
bool winograd_pairs(const WinogradOutput& a) {
  using reg = typename V::reg;
  constexpr int64_t kPixel = NV * V::lanes;
  const reg zero = V::zero();
  reg check[NV];
  for (int v = 0; v < NV; ++v) check[v] = zero;
  for (int64_t row = 0; row < a.rows; ++row)
    for (int64_t run = 0; run < a.runs; ++run) {
      const float* sums = a.sums + (row * a.tiles + run * a.run) * kPixel;
      float* first = a.first + row * a.first_row + run * a.output_run * kPixel;
      float* second = a.second + row * a.second_row + run * a.output_run * kPixel;
      const int64_t firsts = a.first_count - run * a.output_run;
      const int64_t seconds = a.second_count - run * a.output_run;
      const int64_t count = firsts < a.run ? firsts : a.run;
      for (int64_t i = 0; i < count; ++i, sums += kPixel, first += kPixel, second += kPixel)
#pragma GCC unroll 3
        for (int v = 0; v < NV; ++v) {
          const float* const at = sums + v * V::lanes;
          const reg m1 = V::load(at + a.sums_copy), m2 = V::load(at + 2 * a.sums_copy);
          const reg y0 = V::add(V::add(V::load(at), m1), m2);
          V::store(first + v * V::lanes, y0);
          check[v] = V::fma(y0, zero, check[v]);
          if (i >= seconds) continue;
          const reg y1 = V::sub(V::sub(m1, m2), V::load(at + 3 * a.sums_copy));
          V::store(second + v * V::lanes, y1);
          check[v] = V::fma(y1, zero, check[v]);
        }
    }
  float lanes[V::lanes];
  bool finite = true;
  for (int v = 0; v < NV; ++v) {
    V::store(lanes, check[v]);
    for (int i = 0; i < V::lanes; ++i) finite = finite && lanes[i] == 0;
  }
  return finite;
}

template <class V>
constexpr void add_winograd(ConvKernels& kernels) {
  kernels.winograd_halves = winograd_halves<V>;
  kernels.winograd_input = winograd_input<V>;
  kernels.winograd_output[1] = winograd_pairs<V, 1>;
  kernels.winograd_output[2] = winograd_pairs<V, 2>;
  kernels.winograd_output[3] = winograd_pairs<V, 3>;
}
