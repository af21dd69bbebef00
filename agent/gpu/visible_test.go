package gpu

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheEnvironmentNamesDevices(t *testing.T) {
	same := []Info{{Index: 0, UUID: "GPU-aa11", Model: "H100"}, {Index: 1, UUID: "GPU-aa22", Model: "H100"}, {Index: 2, UUID: "GPU-bb33", Model: "H100"}}
	mixed := []Info{{Index: 0, UUID: "GPU-aa11", Model: "T4"}, {Index: 1, UUID: "GPU-aa22", Model: "H100"}}
	mig := []string{"MIG-x1", "MIG-y2"}
	const unset = "\x00"
	for name, c := range map[string]struct {
		devices               []Info
		nvidia, cuda, ordered string
		want                  []string // nil: nothing is said
	}{
		"nothing is set":                        {same, unset, unset, "", nil},
		"all":                                   {same, "all", unset, "", nil},
		"void, as with CDI":                     {same, "void", unset, "", nil},
		"a UUID":                                {same, "GPU-aa22", unset, "", []string{"GPU-aa22"}},
		"indexes":                               {same, "0,2", unset, "", []string{"GPU-aa11", "GPU-bb33"}},
		"an old MIG name":                       {same, "0:1", unset, "", nil},
		"a slice":                               {same, "MIG-x1", unset, "", []string{"MIG-x1"}},
		"CUDA alone":                            {same, unset, "1", "", []string{"GPU-aa22"}},
		"CUDA counts within NVIDIA's":           {same, "1,2", "1", "", []string{"GPU-bb33"}},
		"CUDA after all":                        {same, "all", "2, 0", "", []string{"GPU-aa11", "GPU-bb33"}},
		"CUDA ends at what names nothing":       {same, "all", "0,9,1", "", []string{"GPU-aa11"}},
		"CUDA names none":                       {same, "all", "-1", "", []string{}},
		"CUDA is empty":                         {same, "all", "", "", []string{}},
		"a beginning of a UUID":                 {same, unset, "GPU-bb", "", []string{"GPU-bb33"}},
		"a beginning of two":                    {same, unset, "GPU-aa", "", []string{}},
		"a slice for CUDA":                      {same, unset, "MIG-y2", "", []string{"MIG-y2"}},
		"other models, in CUDA's order":         {mixed, unset, "0", "", nil},
		"other models, in the order of the bus": {mixed, unset, "0", "PCI_BUS_ID", []string{"GPU-aa11"}},
		"other models by UUID":                  {mixed, unset, "GPU-aa22", "", []string{"GPU-aa22"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{"CUDA_DEVICE_ORDER": c.ordered}
			if c.nvidia != unset {
				env["NVIDIA_VISIBLE_DEVICES"] = c.nvidia
			}
			if c.cuda != unset {
				env["CUDA_VISIBLE_DEVICES"] = c.cuda
			}
			set, ok := visible(env, c.devices, mig)
			require.Equal(t, c.want != nil, ok)
			if ok {
				require.ElementsMatch(t, c.want, slices.Collect(maps.Keys(set)))
			}
		})
	}
}

func FuzzVisible(f *testing.F) {
	f.Add("all", "0")
	f.Add("GPU-aa11,1", "1,GPU-b")
	f.Add("MIG-x1", "MIG-x")
	f.Add("0:1", "-1")
	devices := []Info{{Index: 0, UUID: "GPU-aa11"}, {Index: 1, UUID: "GPU-bb22"}}
	f.Fuzz(func(t *testing.T, nvidia, cuda string) {
		set, ok := visible(map[string]string{"NVIDIA_VISIBLE_DEVICES": nvidia, "CUDA_VISIBLE_DEVICES": cuda}, devices, []string{"MIG-x1"})
		require.Equal(t, ok, set != nil)
		for uuid := range set {
			require.Contains(t, []string{"GPU-aa11", "GPU-bb22", "MIG-x1"}, uuid)
		}
	})
}
