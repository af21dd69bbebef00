package gpu

import (
	"strconv"
	"strings"
)

// visible works out which devices the environment of a process lets it use. Devices are all that the driver lists, in the order of
// its indexes; slices are the UUIDs of their MIG devices. It returns the UUIDs that are named, and false where the environment
// names none in particular, or in a way that cannot be resolved: then it says nothing.
//
// CUDA_VISIBLE_DEVICES counts from 0 within what NVIDIA_VISIBLE_DEVICES lets through, in CUDA's own order. That order is the
// driver's where CUDA_DEVICE_ORDER is PCI_BUS_ID or all models are the same.
func visible(env map[string]string, devices []Info, slices []string) (map[string]bool, bool) {
	base := make([]string, 0, len(devices))
	for _, d := range devices {
		base = append(base, d.UUID)
	}
	explicit := false
	switch list := strings.TrimSpace(env["NVIDIA_VISIBLE_DEVICES"]); list {
	case "", "all", "none", "void": // none and void also stand where a container engine gave devices in another way
	default:
		chosen, ok := named(strings.Split(list, ","), base, slices, false)
		if !ok {
			return nil, false
		}
		base, explicit = chosen, true
	}
	if list, set := env["CUDA_VISIBLE_DEVICES"]; set {
		fields := strings.Split(list, ",")
		if usesIndexes(fields) && env["CUDA_DEVICE_ORDER"] != "PCI_BUS_ID" && !sameModel(devices) {
			return nil, false
		}
		chosen, ok := named(fields, base, slices, true)
		if !ok {
			return nil, false
		}
		base, explicit = chosen, true
	}
	if !explicit {
		return nil, false
	}
	set := make(map[string]bool, len(base))
	for _, uuid := range base {
		set[uuid] = true
	}
	return set, true
}

// named resolves a list of indexes, UUIDs and unique beginnings of UUIDs. With cuda, the list ends at the first entry that names
// nothing, as CUDA does it; else such an entry means that the list cannot be resolved.
func named(fields, base, slices []string, cuda bool) ([]string, bool) {
	chosen := []string{}
	for _, f := range fields {
		f = strings.TrimSpace(f)
		uuid, ok := "", false
		if n, err := strconv.Atoi(f); err == nil {
			if ok = n >= 0 && n < len(base); ok {
				uuid = base[n]
			}
		} else {
			from := base
			if strings.HasPrefix(f, "MIG-") {
				from = slices
			}
			uuid, ok = unique(f, from)
		}
		switch {
		case ok:
			chosen = append(chosen, uuid)
		case cuda:
			return chosen, true
		default:
			return nil, false
		}
	}
	return chosen, true
}

// unique returns the one entry that begins with prefix, which holds at least one character of the id after "GPU-" or "MIG-".
func unique(prefix string, from []string) (string, bool) {
	if len(prefix) < len("GPU-x") {
		return "", false
	}
	found := ""
	for _, uuid := range from {
		if uuid == prefix {
			return uuid, true
		}
		if strings.HasPrefix(uuid, prefix) {
			if found != "" && found != uuid {
				return "", false
			}
			found = uuid
		}
	}
	return found, found != ""
}

func usesIndexes(fields []string) bool {
	for _, f := range fields {
		if n, err := strconv.Atoi(strings.TrimSpace(f)); err == nil && n >= 0 {
			return true
		}
	}
	return false
}

func sameModel(devices []Info) bool {
	for _, d := range devices {
		if d.Model != devices[0].Model {
			return false
		}
	}
	return true
}
