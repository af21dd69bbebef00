//go:build linux && cgo

#include "cuda.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

// What we use of the driver's interface. Its functions are bound to these names for good.
typedef int (*fn_init)(unsigned int);
typedef int (*fn_device_get)(int *, int);
typedef int (*fn_device_name)(char *, int, int);
typedef int (*fn_device_attribute)(int *, int, int);
typedef int (*fn_retain)(void **, int);
typedef int (*fn_set_current)(void *);
typedef int (*fn_alloc)(unsigned long long *, size_t);
typedef int (*fn_set8)(unsigned long long, unsigned char, size_t);
typedef int (*fn_load)(void **, const void *);
typedef int (*fn_function)(void **, void *, const char *);
typedef int (*fn_launch)(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *, void **, void **);
typedef int (*fn_sync)(void);
typedef int (*fn_host_alloc)(void **, size_t, unsigned int);
typedef int (*fn_copy_up)(unsigned long long, const void *, size_t);
typedef int (*fn_copy_down)(void *, unsigned long long, size_t);
typedef int (*fn_error)(int, const char **);

static struct {
	void *library;
	fn_init init;
	fn_device_get device_get;
	fn_device_name device_name;
	fn_device_attribute device_attribute;
	fn_retain retain;
	fn_set_current set_current;
	fn_alloc alloc;
	fn_set8 set8;
	fn_load load;
	fn_function function;
	fn_launch launch;
	fn_sync sync;
	fn_host_alloc host_alloc;
	fn_copy_up copy_up;
	fn_copy_down copy_down;
	fn_error error_name;
} cu;

// spin multiplies and adds n times in each thread and writes the result where it can be seen.
static const char *kernel =
	".version 6.3\n.target sm_75\n.address_size 64\n"
	".visible .entry spin(.param .u64 out, .param .u32 n)\n{\n"
	".reg .pred %p<2>;\n.reg .f32 %f<3>;\n.reg .b32 %r<6>;\n.reg .b64 %rd<5>;\n"
	"ld.param.u64 %rd1, [out];\nld.param.u32 %r1, [n];\n"
	"cvta.to.global.u64 %rd4, %rd1;\n"
	"mov.f32 %f1, 0f3F800000;\nmov.f32 %f2, 0f3F7FFFFF;\nmov.u32 %r2, 0;\n"
	"LOOP:\nfma.rn.f32 %f1, %f1, %f2, %f2;\nadd.u32 %r2, %r2, 1;\nsetp.lt.u32 %p1, %r2, %r1;\n@%p1 bra LOOP;\n"
	"mov.u32 %r3, %tid.x;\nmov.u32 %r4, %ctaid.x;\nmov.u32 %r5, %ntid.x;\nmad.lo.u32 %r3, %r4, %r5, %r3;\n"
	"mul.wide.u32 %rd2, %r3, 4;\nadd.u64 %rd3, %rd4, %rd2;\nst.global.f32 [%rd3], %f1;\nret;\n}\n";

static int failed(struct load *l, const char *call, int code) {
	const char *name = NULL;
	if (cu.error_name != NULL) cu.error_name(code, &name);
	snprintf(l->message, sizeof l->message, "%s: %s (%d)", call, name != NULL ? name : "error", code);
	return 1;
}

static int bind(struct load *l) {
	const char *names[] = {"libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/local/nvidia/lib/libcuda.so.1", "/usr/lib/x86_64-linux-gnu/libcuda.so.1"};
	for (size_t i = 0; i < sizeof names / sizeof *names && cu.library == NULL; i++) cu.library = dlopen(names[i], RTLD_NOW);
	if (cu.library == NULL) {
		snprintf(l->message, sizeof l->message, "%.200s", dlerror());
		return 1;
	}
	struct { const char *name; void **to; } symbols[] = {
		{"cuInit", (void **)&cu.init}, {"cuDeviceGet", (void **)&cu.device_get}, {"cuDeviceGetName", (void **)&cu.device_name},
		{"cuDeviceGetAttribute", (void **)&cu.device_attribute}, {"cuDevicePrimaryCtxRetain", (void **)&cu.retain},
		{"cuCtxSetCurrent", (void **)&cu.set_current}, {"cuMemAlloc_v2", (void **)&cu.alloc}, {"cuMemsetD8_v2", (void **)&cu.set8},
		{"cuModuleLoadData", (void **)&cu.load}, {"cuModuleGetFunction", (void **)&cu.function}, {"cuLaunchKernel", (void **)&cu.launch},
		{"cuMemHostAlloc", (void **)&cu.host_alloc}, {"cuMemcpyHtoD_v2", (void **)&cu.copy_up}, {"cuMemcpyDtoH_v2", (void **)&cu.copy_down},
		{"cuCtxSynchronize", (void **)&cu.sync}, {"cuGetErrorName", (void **)&cu.error_name},
	};
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
		*symbols[i].to = dlsym(cu.library, symbols[i].name);
		if (*symbols[i].to == NULL) {
			snprintf(l->message, sizeof l->message, "the driver has no %s", symbols[i].name);
			return 1;
		}
	}
	return 0;
}

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

enum { threads = 256, most_blocks = 4096 };

static int launch(struct load *l, int blocks, unsigned int iterations, unsigned long long out) {
	void *arguments[] = {&out, &iterations};
	return cu.launch(l->function, blocks, 1, 1, blocks == 1 ? 1 : threads, 1, 1, 0, NULL, arguments, NULL);
}

int load_open(struct load *l, int index, size_t bytes) {
	memset(l, 0, sizeof *l);
	int code, device;
	void *module;
	if (bind(l) != 0) return 1;
	if ((code = cu.init(0)) != 0) return failed(l, "cuInit", code);
	if ((code = cu.device_get(&device, index)) != 0) return failed(l, "cuDeviceGet", code);
	if ((code = cu.device_name(l->name, sizeof l->name, device)) != 0) return failed(l, "cuDeviceGetName", code);
	if ((code = cu.device_attribute(&l->sms, 16, device)) != 0) return failed(l, "cuDeviceGetAttribute", code);
	if ((code = cu.retain(&l->context, device)) != 0) return failed(l, "cuDevicePrimaryCtxRetain", code);
	if ((code = cu.set_current(l->context)) != 0) return failed(l, "cuCtxSetCurrent", code);
	if ((code = cu.alloc(&l->memory, bytes)) != 0) return failed(l, "cuMemAlloc", code);
	if ((code = cu.alloc(&l->out, (size_t)threads * most_blocks * 4)) != 0) return failed(l, "cuMemAlloc", code);
	l->bytes = bytes;
	if ((code = cu.set8(l->memory, 1, bytes)) != 0) return failed(l, "cuMemsetD8", code);
	if ((code = cu.sync()) != 0) return failed(l, "cuCtxSynchronize", code);
	if ((code = cu.load(&module, kernel)) != 0) return failed(l, "cuModuleLoadData", code);
	if ((code = cu.function(&l->function, module, "spin")) != 0) return failed(l, "cuModuleGetFunction", code);
	l->iterations = 100000;
	for (int i = 0; i < 4; i++) { // until the clocks have risen
		double began = now();
		if ((code = launch(l, l->sms, l->iterations, l->out)) != 0) return failed(l, "cuLaunchKernel", code);
		if ((code = cu.sync()) != 0) return failed(l, "cuCtxSynchronize", code);
		double took = now() - began;
		if (took > 1e-6) {
			double scaled = l->iterations * 2e-3 / took;
			l->iterations = scaled < 1000 ? 1000 : scaled > 5e6 ? 5000000 : (unsigned int)scaled;
		}
	}
	snprintf(l->message, sizeof l->message, "of %u steps", l->iterations);
	return 0;
}

int load_spin(struct load *l, int blocks, double seconds) {
	int code;
	if (blocks > most_blocks) blocks = most_blocks;
	for (double end = now() + seconds; now() < end;) {
		for (int i = 0; i < 4; i++) {
			if ((code = launch(l, blocks, l->iterations, l->out)) != 0) return failed(l, "cuLaunchKernel", code);
		}
		if ((code = cu.sync()) != 0) return failed(l, "cuCtxSynchronize", code);
	}
	return 0;
}

int load_copy(struct load *l, int down, size_t chunk) {
	int code;
	if (chunk > l->bytes) chunk = l->bytes;
	if (l->host == NULL) { // locked memory, so that the driver copies nothing beside
		if ((code = cu.host_alloc(&l->host, chunk, 0)) != 0) return failed(l, "cuMemHostAlloc", code);
		memset(l->host, 1, chunk);
		l->chunk = chunk;
	}
	if (chunk > l->chunk) chunk = l->chunk;
	if (down) {
		if ((code = cu.copy_down(l->host, l->memory, chunk)) != 0) return failed(l, "cuMemcpyDtoH", code);
	} else {
		if ((code = cu.copy_up(l->memory, l->host, chunk)) != 0) return failed(l, "cuMemcpyHtoD", code);
	}
	if ((code = cu.sync()) != 0) return failed(l, "cuCtxSynchronize", code);
	l->copied[down != 0] += chunk;
	return 0;
}

int load_fault(struct load *l) {
	int code;
	if ((code = launch(l, 1, 10, 0x700000000000ULL)) != 0) return failed(l, "cuLaunchKernel", code);
	if ((code = cu.sync()) != 0) return failed(l, "cuCtxSynchronize", code);
	return 0;
}
