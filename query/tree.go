package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/endscope/endscope/scopes"
)

// Node is one scope of the tree with what is known of it. Everything counts the instances at or below it that were seen
// within DrillDownConfig.ScopeLookback.
type Node struct {
	Scope scopes.Path
	State State
	// LastSample is the time of the newest sample, to the millisecond and in UTC.
	LastSample time.Time
	Ready      int // instances that report
	Missing    int // instances that do not
	// GPUs is the number of devices of the ready instances, and for a missing instance of the devices that it last had.
	GPUs     int
	Children []Node // by name; none for an instance
}

// Tree returns the visible endpoints with their deployments and instances.
func (p *Planner) Tree(ctx context.Context) ([]Node, error) {
	list, err := p.instances(ctx, scopes.Path{})
	if err != nil {
		return nil, err
	}
	return buildTree(list), nil
}

// Scope returns one scope and what is below it. Its error wraps scopes.ErrNotFound and names the scope where no instance
// was seen within the look-back, or none that the caller may see.
func (p *Planner) Scope(ctx context.Context, path scopes.Path) (*Node, error) {
	list, err := p.instances(ctx, path)
	if err != nil {
		return nil, err
	}
	nodes := buildTree(list)
	for {
		i := slices.IndexFunc(nodes, func(n Node) bool { return n.Scope.Contains(path) })
		if i < 0 {
			return nil, fmt.Errorf("%w: nothing was stored for %q within the last %s", scopes.ErrNotFound, path, p.cfg.ScopeLookback)
		}
		if nodes[i].Scope == path {
			return &nodes[i], nil
		}
		nodes = nodes[i].Children
	}
}

// buildTree groups instances, which it sorts, into endpoints.
func buildTree(list []instance) []Node {
	slices.SortFunc(list, func(a, b instance) int {
		return cmp.Or(cmp.Compare(a.path.Endpoint, b.path.Endpoint), cmp.Compare(a.path.Deployment, b.path.Deployment), cmp.Compare(a.path.Instance, b.path.Instance))
	})
	endpoints := []Node{}
	for _, in := range list {
		leaf := Node{Scope: in.path, LastSample: time.UnixMilli(in.last).UTC(), State: StateMissing, GPUs: in.gpus, Missing: 1}
		if in.ready {
			leaf.State, leaf.Ready, leaf.Missing = StateReady, 1, 0
		}
		endpoint := lastNode(&endpoints, scopes.Path{Endpoint: in.path.Endpoint})
		deployment := lastNode(&endpoint.Children, scopes.Path{Endpoint: in.path.Endpoint, Deployment: in.path.Deployment})
		for _, above := range []*Node{endpoint, deployment} {
			above.add(leaf)
		}
		deployment.Children = append(deployment.Children, leaf)
	}
	return endpoints
}

// lastNode returns the last of the nodes, after adding one for path if that is another scope.
func lastNode(nodes *[]Node, path scopes.Path) *Node {
	if n := len(*nodes); n == 0 || (*nodes)[n-1].Scope != path {
		*nodes = append(*nodes, Node{Scope: path, State: StateMissing})
	}
	return &(*nodes)[len(*nodes)-1]
}

func (n *Node) add(leaf Node) {
	n.Ready += leaf.Ready
	n.Missing += leaf.Missing
	if leaf.State == StateReady {
		n.State = StateReady
		n.GPUs += leaf.GPUs
	}
	if leaf.LastSample.After(n.LastSample) {
		n.LastSample = leaf.LastSample
	}
}
