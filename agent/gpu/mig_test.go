package gpu

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestMIGReadingsBelongToGPUInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		d.setLayout(Layout{MIG: true, Slices: []Slice{
			{UUID: "MIG-b", GPUInstance: 9, ComputeInstance: 0, Profile: "1g.10gb"},
			{UUID: "MIG-a2", GPUInstance: 2, ComputeInstance: 1, Profile: "1c.3g.40gb"},
			{UUID: "MIG-a1", GPUInstance: 2, ComputeInstance: 0, Profile: "1c.3g.40gb"},
		}})
		b := newBench(t, d)
		defer b.Close()
		v := b.must()
		parent := "uuid=GPU-0"
		for _, name := range []string{"gpu_utilization_ratio", "gpu_memory_bytes", "gpu_memory_utilization_ratio", "gpu_sm_activity_ratio"} {
			require.NotContains(t, v.names(parent), name, "of the whole device it would count twice")
		}
		require.Contains(t, v.names(parent), "gpu_power_watts")

		require.Equal(t, 250.0, v["gpu_memory_bytes{gpu=0,uuid=MIG-b,model=Fake H100,gpu_instance=9,compute_instance=0,profile=1g.10gb,state=used}"])
		require.Equal(t, 0.4, v["gpu_sm_activity_ratio{gpu=0,uuid=MIG-b,model=Fake H100,gpu_instance=9,compute_instance=0,profile=1g.10gb}"])
		require.Equal(t, 250.0, v["gpu_memory_bytes{gpu=0,uuid=MIG-a1,model=Fake H100,gpu_instance=2,profile=1c.3g.40gb,state=used}"])
		require.Equal(t, []string{"gpu_info"}, v.names("uuid=MIG-a2"), "memory of a shared GPU instance counts once")
		require.Equal(t, 1.0, v["gpu_info{gpu=0,uuid=MIG-a2,model=Fake H100,gpu_instance=2,compute_instance=1,profile=1c.3g.40gb,parent_uuid=GPU-0,driver_version=550.54.15,cuda_version=12.4,pci_bus_id=0000:00:00.0,architecture=hopper,compute_capability=9.0,vbios_version=1,mig=on}"])
		require.Zero(t, d.slices["MIG-a2 memory"])
	})
}

func TestMIGIsPartitionedAnewBetweenRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFake(0)
		b := newBench(t, d)
		defer b.Close()
		plain := b.must().live()
		d.setLayout(Layout{MIG: true, Slices: []Slice{{UUID: "MIG-1", GPUInstance: 1, Profile: "3g.40gb"}, {UUID: "MIG-2", GPUInstance: 2, Profile: "3g.40gb"}}})
		v := b.must()
		require.NotEmpty(t, v.live("uuid=MIG-1"))
		require.NotEmpty(t, v.live("uuid=MIG-2"))
		// The same GPU instance number, another slice.
		d.setLayout(Layout{MIG: true, Slices: []Slice{{UUID: "MIG-3", GPUInstance: 1, Profile: "7g.80gb"}}})
		v = b.must()
		require.Empty(t, v.live("uuid=MIG-1"))
		require.Empty(t, v.live("uuid=MIG-2"))
		require.Equal(t, 250.0, v["gpu_memory_bytes{gpu=0,uuid=MIG-3,model=Fake H100,gpu_instance=1,compute_instance=0,profile=7g.80gb,state=used}"])
		d.setLayout(Layout{MIG: true}) // MIG is on and nothing is cut yet: the board's memory is all there is to tell
		require.Contains(t, b.must(), "gpu_memory_bytes{"+gpu0+",state=total}")
		d.setLayout(Layout{})
		require.Equal(t, plain, b.must().live())
	})
}
