package host

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/shirou/gopsutil/v3/disk"

	"github.com/endscope/endscope/agent"
)

// disks reads the file systems on local disks, each once: the label `disk` is the device without /dev/, such as nvme0n1p2, or the data set's name for zfs.
// Pseudo and network file systems, images (loop, squashfs, iso9660) and further mounts of the same device are left out. The overlay at the root
// of a container counts as the disk "overlay" unless a disk of the same size is there already, which is then the one below it.
func (c *Collector) disks(ctx context.Context, r *agent.Round) error {
	all, err := c.src.partitions(ctx, true)
	if err != nil {
		return err
	}
	best := map[string]disk.PartitionStat{}
	for _, p := range all {
		name := diskName(p)
		if name == "" || c.isFile(p.Mountpoint) {
			continue
		}
		if old, ok := best[name]; !ok || better(p, old) {
			best[name] = p
		}
	}
	var errs []error
	sizes := map[uint64]bool{}
	names := slices.Sorted(maps.Keys(best))
	if i := slices.Index(names, "overlay"); i >= 0 { // last, to be compared with the others
		names = append(slices.Delete(names, i, i+1), "overlay")
	}
	for _, name := range names {
		u, err := c.src.usage(ctx, best[name].Mountpoint)
		switch {
		case errors.Is(err, os.ErrPermission):
			continue // not ours to see
		case err != nil:
			errs = append(errs, wrap(best[name].Mountpoint, err))
			continue
		case u.Total == 0 || name == "overlay" && sizes[u.Total]:
			continue
		}
		sizes[u.Total] = true
		r.Add(descDisk, float64(u.Total), name, "total")
		r.Add(descDisk, float64(u.Used), name, "used")
		r.Add(descDisk, float64(u.Free), name, "available")
		if in := u.Used + u.Free; in > 0 {
			r.Add(descDiskRatio, float64(u.Used)/float64(in), name)
		}
	}
	return errors.Join(errs...)
}

// diskName returns the name of the disk that a mount shows, and "" for what is no local disk.
func diskName(p disk.PartitionStat) string {
	switch p.Fstype {
	case "squashfs", "iso9660", "udf", "erofs":
		return ""
	case "zfs":
		return p.Device
	case "overlay":
		if p.Mountpoint == "/" {
			return "overlay"
		}
		return ""
	}
	name, ok := strings.CutPrefix(p.Device, "/dev/")
	if !ok || virtualDisk(name) {
		return ""
	}
	return name
}

// virtualDisk says whether a block device has its bytes in memory or in a file of another disk.
func virtualDisk(name string) bool {
	for _, prefix := range []string{"loop", "ram", "zram", "fuse", "sr", "fd", "nbd"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && (rest == "" || rest[0] >= '0' && rest[0] <= '9') {
			return true
		}
	}
	return false
}

// better says whether p shows a device better than q: its root rather than a bind mount of a folder, and then the shorter path.
func better(p, q disk.PartitionStat) bool {
	if a, b := slices.Contains(p.Opts, "bind"), slices.Contains(q.Opts, "bind"); a != b {
		return b
	}
	return len(p.Mountpoint) < len(q.Mountpoint)
}

// isFile says whether a mount covers a single file, as container managers do with /etc/hosts.
func (c *Collector) isFile(point string) bool {
	info, err := os.Stat(filepath.Join(c.root, point))
	return err == nil && !info.IsDir()
}

// diskIO reads the bytes that whole physical disks moved. Partitions, and volumes over other disks (dm, md), would count the same bytes again.
func (c *Collector) diskIO(ctx context.Context, r *agent.Round) error {
	counters, err := c.src.diskIO(ctx)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(counters)) {
		s := counters[name]
		if virtualDisk(name) || strings.HasPrefix(name, "dm-") || strings.HasPrefix(name, "md") || exists(filepath.Join(c.root, "sys/class/block", name, "partition")) {
			continue
		}
		r.AddCounter(descDiskIO, float64(s.ReadBytes), c.started, name, "read")
		r.AddCounter(descDiskIO, float64(s.WriteBytes), c.started, name, "write")
	}
	return nil
}
