package gpu

import (
	"fmt"
	"io/fs"
	"log/slog"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	share0 = "gpu=0,uuid=GPU-0"
	gib    = 1 << 30
)

// proc is a /proc with processes, of the machine or of a container.
func proc(host bool, pids ...int) fstest.MapFS {
	link := "pid:[4026532999]"
	if host {
		link = hostNamespace
	}
	m := fstest.MapFS{"self/ns/pid": {Data: []byte(link), Mode: fs.ModeSymlink | 0o777}}
	for _, pid := range pids {
		m[fmt.Sprintf("%d/comm", pid)] = &fstest.MapFile{Data: []byte("python3\n")}
	}
	return m
}

func pids(list ...int) func() []int { return func() []int { return append([]int{}, list...) } }

// holders sets what a device lists, and how much of it is in use.
func (d *fakeDevice) holders(used float64, list ...Process) {
	d.on(Memory, func(s *Snapshot) error { s.MemoryTotal.Set(80 * gib); s.MemoryUsed.Set(used); return nil })
	d.on(Processes, func(s *Snapshot) error {
		s.Running = append([]Process{}, list...)
		s.Processes.Set(float64(len(list)))
		return nil
	})
}

func (d *fakeDevice) samples(list ...ProcessSample) {
	d.on(ProcessUtilization, func(s *Snapshot) error { s.Samples = append([]ProcessSample{}, list...); return nil })
}

func holds(pid int, bytes float64) Process {
	return Process{PID: pid, Memory: Value{V: bytes, OK: true}}
}

// shareOf returns memory, utilisation and method that a round gives for a device; -1 and "" for what is absent.
func (v values) shareOf(id string) (memory, utilization float64, method string) {
	get := func(key string) float64 {
		if f, ok := v[key]; ok {
			return f
		}
		return -1
	}
	for _, m := range []string{MethodPIDTree, MethodCgroup, MethodExclusive, MethodVisible} {
		if _, ok := v["instance_gpu_info{"+id+",method="+m+"}"]; ok {
			method = m
		}
	}
	return get("instance_gpu_memory_bytes{" + id + "}"), get("instance_gpu_utilization_ratio{" + id + "}"), method
}

func (b *bench) share(id string) []any {
	b.t.Helper()
	memory, utilization, method := b.must().shareOf(id)
	return []any{memory, utilization, method}
}

func TestTwoInstancesOnOneGPUEachShowTheirShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		d.holders(33*gib, holds(10, 20*gib), holds(11, 2*gib), holds(20, 10*gib))
		d.samples(ProcessSample{10, 0.4}, ProcessSample{11, 0.1}, ProcessSample{20, 0.25})
		machine := proc(true, 10, 11, 20)
		a := newBenchWith(t, Settings{Pids: pids(9, 10, 11), Proc: machine}, d)
		defer a.Close()
		c := newBenchWith(t, Settings{Pids: pids(20, 21), PidMethod: MethodCgroup, Proc: machine}, d)
		defer c.Close()
		require.Equal(t, []any{22.0 * gib, 0.5, MethodPIDTree}, a.share(share0))
		require.Equal(t, []any{10.0 * gib, 0.25, MethodCgroup}, c.share(share0))
		// Together they cannot have run for longer than anything ran.
		d.on(Activity, func(s *Snapshot) error { s.GraphicsActivity.Set(0.6); return nil })
		memory, utilization, _ := a.must().shareOf(share0)
		require.Equal(t, 22.0*gib, memory)
		require.InDelta(t, 0.4, utilization, 1e-9)
		d.on(Activity, nil)
		// The neighbour leaves: the whole device is ours.
		d.holders(22.5*gib, holds(10, 20*gib), holds(11, 2*gib))
		require.Equal(t, []any{22.5 * gib, 0.5, MethodExclusive}, a.share(share0))
		require.Equal(t, []any{0.0, 0.25, MethodCgroup}, c.share(share0), "what it ran in the interval still counts")
		d.samples(ProcessSample{10, 0.4})
		require.Equal(t, []any{0.0, 0.0, MethodCgroup}, c.share(share0), "it let go: a zero is a measurement")
	})
}

func TestADeviceThatTheInstanceNeverHeldHasNoShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d0, d1 := newFake(0), newFake(1)
		d0.holders(gib, holds(10, gib))
		d1.holders(gib, holds(20, gib))
		b := newBenchWith(t, Settings{Pids: pids(10), Proc: proc(true, 10, 20)}, d0, d1)
		defer b.Close()
		v := b.must()
		require.Len(t, v.names("instance_gpu_", "uuid=GPU-0"), 3)
		require.Empty(t, v.names("instance_gpu_", "uuid=GPU-1"))
		without := newBench(t, newFake(0))
		defer without.Close()
		require.Empty(t, without.must().names("instance_gpu_"), "nobody told whose share it would be")
	})
}

func TestProcessesThatCannotBeToldGiveNoShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		d.holders(3*gib, holds(10, gib), holds(20, gib))
		list := []int{10}
		b := newBenchWith(t, Settings{Pids: func() []int { return list }, Proc: proc(true, 10, 20)}, d)
		defer b.Close()
		require.Equal(t, MethodPIDTree, b.share(share0)[2])
		list = nil
		require.Empty(t, b.must().names("instance_gpu_"), "not known is not zero")
		list = []int{}
		require.Equal(t, 1.0*gib, b.share(share0)[0], "a process counts for a while after it has left the tree")
		time.Sleep(recentFor + time.Second)
		require.Equal(t, []any{0.0, 0.0, MethodPIDTree}, b.share(share0), "none runs")
	})
}

func TestPidChurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		next := 1000
		b := newBenchWith(t, Settings{Pids: func() []int { return []int{next} }, Proc: proc(true)}, d)
		defer b.Close()
		for range 500 { // each round another process, which the driver still tells of in the next
			next++
			d.holders(3*gib, holds(next, gib), holds(7, 2*gib))
			d.samples(ProcessSample{next - 1, 0.2}, ProcessSample{next, 0.1}, ProcessSample{7, 0.3})
			before := next == 1001
			memory, utilization, method := b.must().shareOf(share0)
			require.Equal(t, 1.0*gib, memory)
			require.Equal(t, MethodPIDTree, method)
			if !before {
				require.InDelta(t, 0.3, utilization, 1e-9)
			}
			time.Sleep(15 * time.Second)
		}
		require.LessOrEqual(t, len(b.sharer.recent), int(recentFor/(15*time.Second))+2, "the memory of processes is bounded")
	})
}

func TestWhatTheDriverDoesNotTellIsAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		d.holders(3*gib, Process{PID: 10}, holds(20, gib))
		d.fail(ProcessUtilization, NotSupported)
		b := newBenchWith(t, Settings{Pids: pids(10), Proc: proc(true, 10, 20)}, d)
		defer b.Close()
		require.Equal(t, []any{-1.0, -1.0, MethodPIDTree}, b.share(share0))
		d.fail(Processes, NoPermission)
		require.Empty(t, b.must().names("instance_gpu_"))
	})
}

func TestASharedServerOfMPSCannotBeSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := func(pid int, bytes float64) Process {
			return Process{PID: pid, Memory: Value{V: bytes, OK: true}, MPS: true}
		}
		machine := proc(true, 10, 20)
		machine["5/comm"] = &fstest.MapFile{Data: []byte("nvidia-cuda-mps\n")}
		d := newFake(0)
		d.holders(5*gib, holds(5, gib/4), client(10, 2*gib), client(20, 2*gib))
		d.samples(ProcessSample{5, 0.8})
		b := newBenchWith(t, Settings{Pids: pids(10), Proc: machine}, d)
		defer b.Close()
		require.Equal(t, []any{2.0 * gib, -1.0, MethodPIDTree}, b.share(share0))
		d.holders(3*gib, holds(5, gib/4), client(10, 2*gib))
		require.Equal(t, []any{3.0 * gib, 0.5, MethodExclusive}, b.share(share0), "the server works for us alone")
		d.holders(6*gib, holds(5, gib/4), client(10, 2*gib), holds(30, gib)) // somebody without MPS
		d.samples(ProcessSample{5, 0.5}, ProcessSample{30, 0.2})
		require.Equal(t, []any{2.25 * gib, 0.5, MethodPIDTree}, b.share(share0))
	})
}

func TestInAContainer(t *testing.T) {
	for name, c := range map[string]struct {
		proc      fstest.MapFS
		used      float64
		running   []Process
		environ   []string
		want      []any
		noSamples bool
	}{
		"the list shows all that is in use": {
			proc: proc(false, 10), used: 2*gib + 1<<20, running: []Process{holds(10, 2*gib)}, want: []any{2.0*gib + 1<<20, 0.5, MethodExclusive}},
		"more is in use than the list shows": {
			proc: proc(false, 10), used: 5 * gib, running: []Process{holds(10, 2*gib)}, want: []any{2.0 * gib, 0.3, MethodPIDTree}},
		"numbers of the machine": {
			proc: proc(false, 10), used: 5 * gib, running: []Process{holds(4711, 2*gib)}, want: []any{-1.0, -1.0, ""}},
		"numbers of the machine, and the environment names the GPU": {
			proc: proc(false, 10), used: 5 * gib, running: []Process{holds(4711, 2*gib)}, environ: []string{"NVIDIA_VISIBLE_DEVICES=GPU-0"}, want: []any{5.0 * gib, 0.5, MethodVisible}},
		"numbers of the machine, and the environment names all": {
			proc: proc(false, 10), used: 5 * gib, running: []Process{holds(4711, 2*gib)}, environ: []string{"NVIDIA_VISIBLE_DEVICES=all"}, want: []any{-1.0, -1.0, ""}},
		"numbers of the machine, and the environment names another": {
			proc: proc(false, 10), used: 5 * gib, running: []Process{holds(4711, 2*gib)}, environ: []string{"CUDA_VISIBLE_DEVICES=1"}, want: []any{-1.0, -1.0, ""}},
		"nobody is shown though memory is in use": {
			proc: proc(false, 10), used: 5 * gib, running: []Process{}, environ: []string{"CUDA_VISIBLE_DEVICES=0"}, want: []any{5.0 * gib, 0.5, MethodVisible}},
		"a neighbour in the same container": {
			proc: proc(false, 10, 20), used: 5 * gib, running: []Process{holds(20, 5*gib)}, environ: []string{"CUDA_VISIBLE_DEVICES=0"}, want: []any{-1.0, -1.0, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d0, d1 := newFake(0), newFake(1)
				d0.holders(c.used, c.running...)
				d1.holders(0)
				d0.samples(ProcessSample{10, 0.3})
				if len(c.environ) > 0 {
					c.proc["10/environ"] = &fstest.MapFile{Data: []byte("A=b\x00" + c.environ[0] + "\x00")}
				}
				b := newBenchWith(t, Settings{Pids: pids(10), Proc: c.proc}, d0, d1)
				defer b.Close()
				require.Equal(t, c.want, b.share(share0))
			})
		})
	}
}

func TestTheEnvironmentMayBeGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		d.fail(Processes, NotSupported)
		b := newBenchWith(t, Settings{Pids: func() []int { return nil }, Environ: func() []string { return []string{"CUDA_VISIBLE_DEVICES=0", "CUDA_VISIBLE_DEVICES=7"} }}, d)
		defer b.Close()
		require.Equal(t, []any{250.0, 0.5, MethodVisible}, b.share(share0))
		require.NotEmpty(t, MethodError(b.Devices()[0].Shares[0].Method))
	})
}

func TestTheShareOfSlices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		d.setLayout(Layout{MIG: true, Slices: []Slice{
			{UUID: "MIG-a", GPUInstance: 1, Profile: "1g.10gb"},
			{UUID: "MIG-b1", GPUInstance: 2, ComputeInstance: 0, Profile: "1c.2g.20gb"}, {UUID: "MIG-b2", GPUInstance: 2, ComputeInstance: 1, Profile: "1c.2g.20gb"},
			{UUID: "MIG-c", GPUInstance: 3, Profile: "1g.10gb"},
		}})
		on := func(uuid string, list ...Process) {
			d.onSlice(uuid, Processes, func(s *Snapshot) { s.Running = append([]Process{}, list...); s.Processes.Set(float64(len(list))) })
		}
		on("MIG-a", holds(10, 5*gib))
		on("MIG-b1", holds(11, 2*gib))
		on("MIG-b2", holds(20, 3*gib))
		on("MIG-c", holds(21, gib))
		for _, uuid := range []string{"MIG-a", "MIG-b1"} {
			d.onSlice(uuid, Activity, func(s *Snapshot) { s.GraphicsActivity.Set(0.7) })
			d.onSlice(uuid, Memory, func(s *Snapshot) { s.MemoryTotal.Set(20 * gib); s.MemoryUsed.Set(6 * gib) })
		}
		b := newBenchWith(t, Settings{Pids: pids(10, 11), Proc: proc(true, 10, 11, 20, 21)}, d)
		defer b.Close()
		require.Equal(t, []any{6.0 * gib, 0.7, MethodExclusive}, b.share("gpu=0,uuid=MIG-a,gpu_instance=1,compute_instance=0"))
		require.Equal(t, []any{2.0 * gib, -1.0, MethodPIDTree}, b.share("gpu=0,uuid=MIG-b1,gpu_instance=2"), "who ran in a shared GPU instance cannot be told")
		v := b.must()
		require.Empty(t, v.names("instance_gpu_", "uuid=MIG-c"))
		require.Empty(t, v.names("instance_gpu_", "uuid=MIG-b2"), "a GPU instance counts once")
		require.Empty(t, v.names("instance_gpu_", "uuid=GPU-0"), "and not again for the device")
		on("MIG-b2")
		require.Equal(t, []any{6.0 * gib, 0.7, MethodExclusive}, b.share("gpu=0,uuid=MIG-b1,gpu_instance=2"))
		on("MIG-b1")
		require.Equal(t, []any{0.0, 0.0, MethodPIDTree}, b.share("gpu=0,uuid=MIG-b1,gpu_instance=2"))
		summary := b.Devices()
		require.Len(t, summary, 1)
		require.Len(t, summary[0].Slices, 4)
		require.Equal(t, []Share{{"MIG-a", 1, MethodExclusive, Value{6 * gib, true}, Value{0.7, true}}, {"MIG-b1", 2, MethodPIDTree, Value{0, true}, Value{0, true}}}, summary[0].Shares)
	})
}

func TestTheSummaryTellsWhatIsNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d0, d1 := newFake(0), newFake(1)
		d0.fail(NVLink, NotSupported)
		d0.fail(Activity, NoPermission)
		d0.fail(Power, Unknown)
		b := newBenchWith(t, Settings{Pids: pids(42)}, d1, d0)
		defer b.Close()
		require.False(t, b.Present())
		require.Empty(t, b.Devices())
		b.must()
		require.True(t, b.Present())
		list := b.Devices()
		require.Len(t, list, 2)
		require.Equal(t, "GPU-0", list[0].UUID)
		require.Equal(t, "550.54.15", list[0].Driver.Version)
		require.Equal(t, []string{"nvlink"}, list[0].Unsupported)
		require.Equal(t, []string{"activity"}, list[0].Denied)
		require.Equal(t, []string{"power: fake: unknown"}, list[0].Failed)
		require.Equal(t, []Share{{"GPU-1", -1, MethodExclusive, Value{250, true}, Value{0.5, true}}}, list[1].Shares)
		require.Empty(t, list[1].Unsupported)
	})
}

// What stands in for the driver's readings must not come and go with a GPU that is lost.
func TestPresentStaysWhileAGPUIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		b := newBench(t, d)
		defer b.Close()
		b.must()
		set := func(open func() error, err error, devices ...*fakeDevice) {
			b.source.mu.Lock()
			defer b.source.mu.Unlock()
			b.source.open, b.source.devicesErr, b.source.devices = open, err, devices
		}
		d.failAll(GPUIsLost)
		set(nil, &Error{"nvmlDeviceGetHandleByIndex", GPUIsLost})
		for range 40 {
			_, err := b.round()
			require.Error(t, err)
			require.True(t, b.Present())
			time.Sleep(15 * time.Second)
		}
		set(func() error { return &Error{"nvmlInit", DriverNotLoaded} }, nil)
		time.Sleep(6 * time.Minute)
		_, err := b.round()
		require.Error(t, err)
		require.False(t, b.Present(), "the driver is gone")
		d.works()
		set(nil, nil, d)
		time.Sleep(6 * time.Minute)
		b.must()
		require.True(t, b.Present())
	})
}

func TestASimulatedGPUShowsAShare(t *testing.T) {
	for _, shared := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c, err := New(DefaultConfig(), Settings{Logger: slog.New(slog.DiscardHandler), Source: NewSimulated(SimulateConfig{Devices: 2, Idle: 1, Shared: shared, Seed: 7}), Pids: SimulatedPids, Proc: proc(false)})
			require.NoError(t, err)
			defer c.Close()
			time.Sleep(time.Minute)
			v := simulatedRound(t, c)
			id := "gpu=0,uuid=GPU-SIMULATED-0000000000000007-0"
			memory, utilization, method := v.shareOf(id)
			whole := v["gpu_memory_bytes{"+id+",model="+SimulatedModel+",state=used}"]
			if shared {
				require.Equal(t, MethodPIDTree, method)
				require.InDelta(t, 0.7*whole, memory, 1)
				require.InDelta(t, 0.7*v["gpu_utilization_ratio{"+id+",model="+SimulatedModel+"}"], utilization, 1e-9)
			} else {
				require.Equal(t, MethodExclusive, method)
				require.Equal(t, whole, memory)
			}
			_, utilization, _ = v.shareOf("gpu=1,uuid=GPU-SIMULATED-0000000000000007-1")
			require.Equal(t, 0.0, utilization)
		})
	}
}
