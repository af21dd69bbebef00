// Command gpu runs the real GPU collector on a machine with an NVIDIA GPU, under loads of its own, and checks what it says.
//
//	go build -o bin/gpu-bench ./bench/gpu && bin/gpu-bench
//
// It starts two child processes, each the "instance" of a collector of its own, which hold memory and run kernels through the driver
// (libcuda, opened at run time; no CUDA toolkit is needed), and leads them through phases: one alone, both busy, one busy and one
// idle, one that copies to the GPU and one from it, one that uses a single thread, and the end of one. After each phase it compares the
// shares, and the bytes over PCIe, with what the children do. It prints every reading with its lowest and highest value, every reading
// that the GPU cannot give or that is denied, with the code, the driver's own lists and samples of processes, and what a round costs: a
// round of more than half a second call by call, and the threads that work between rounds, when nothing should. It fails when a check fails, and says so and ends well where
// there is no GPU. A run takes about two and a half minutes. The numbers are of this GPU and driver.
//
// With -profile FILE it writes a CPU profile of itself. With -fault, the second child makes an access to an address that is not mapped, so that the driver reports an XID.
//
// It owns the load generator, the phases and the report. It may import bench/kit, agent, agent/gpu and agent/nvml; nothing imports it.
package main
