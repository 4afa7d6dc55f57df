/* The discrete Fourier transform in place, for systems without FFTW: radix 2, so n is a power of two. */
#include <math.h>

struct complex {
  double real, imag;
};

static struct complex multiply(struct complex a, struct complex b) {
  return (struct complex){a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real};
}

void fft(struct complex *data, int n) {
  for (int i = 1, j = 0; i < n; i++) {
    int bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j |= bit;
    if (i < j) {
      struct complex swapped = data[i];
      data[i] = data[j];
      data[j] = swapped;
    }
  }
  for (int size = 2; size <= n; size *= 2) {
    for (int start = 0; start < n; start += size) {
      for (int k = 0; k < size / 2; k++) {
        double angle = -2 * acos(-1) * k / size;
        struct complex *even = &data[start + k], *odd = even + size / 2;
        struct complex turned = multiply((struct complex){cos(angle), sin(angle)}, *odd);
        *odd = (struct complex){even->real - turned.real, even->imag - turned.imag};
        *even = (struct complex){even->real + turned.real, even->imag + turned.imag};
      }
    }
  }
}
