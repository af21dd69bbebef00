#include <stddef.h>

// load is a context on one GPU, what it holds, and its kernel.
struct load {
	void *context, *function;
	unsigned long long memory, out; // device pointers
	void *host; // locked memory of the host, chunk bytes; NULL until it is used
	size_t chunk;
	unsigned long long copied[2]; // bytes, to the device and from it
	size_t bytes;
	int sms;
	unsigned int iterations; // of the kernel, for about two milliseconds
	char name[128];
	char message[256];
};

// Each returns 0, or another number with a message.
int load_open(struct load *l, int index, size_t bytes);
int load_spin(struct load *l, int blocks, double seconds);
int load_copy(struct load *l, int down, size_t chunk); // once, to the device or from it
int load_fault(struct load *l);
