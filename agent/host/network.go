package host

import (
	"context"
	"path/filepath"
	"regexp"

	"github.com/endscope/endscope/agent"
)

// madeByOthers matches the names of devices that container and virtual-machine managers, tunnels and traffic shapers make.
var madeByOthers = regexp.MustCompile(`^(veth|docker|br-|virbr|vnet|tap|tun|cni|cali|flannel|cilium|lxc|lxd|podman|kube|dummy|ifb|sit|ip6tnl|tunl|gre|erspan|nodelocaldns|wg|tailscale)`)

// network reads the devices that carry the instance's traffic: those with hardware behind them. Where there is none, as in a container, it reads
// all but loopback and those that are known to carry the traffic of another device again.
func (c *Collector) network(ctx context.Context, r *agent.Round) error {
	all, err := c.src.netIO(ctx, true)
	if err != nil {
		return err
	}
	physical := func(name string) bool { return exists(filepath.Join(c.root, "sys/class/net", name, "device")) }
	hardware := false
	for _, d := range all {
		hardware = hardware || physical(d.Name)
	}
	for _, d := range all {
		if d.Name == "lo" || hardware && !physical(d.Name) || !hardware && madeByOthers.MatchString(d.Name) {
			continue
		}
		r.AddCounter(descNet, float64(d.BytesRecv), c.started, d.Name, "receive")
		r.AddCounter(descNet, float64(d.BytesSent), c.started, d.Name, "transmit")
	}
	return nil
}
