package kit

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// Programs are the paths of the three binaries. Find fills in those that are empty.
type Programs struct{ Endscope, Prometheus, Victoria string }

// Flags adds a flag for each path.
func (p *Programs) Flags(f *flag.FlagSet) {
	f.StringVar(&p.Endscope, "endscope", "", "Endscope's binary (default bin/endscope in the repository)")
	f.StringVar(&p.Prometheus, "prometheus", "", "Prometheus's binary (default: built from bench/peers)")
	f.StringVar(&p.Victoria, "victoria-metrics", "", "VictoriaMetrics's binary (default: as scripts/debian-tools unpacks it)")
}

// Find sets the paths that are empty to where the binaries are in the repository, and builds Prometheus where it is wanted. It does
// not look whether the others exist.
func (p *Programs) Find(ctx context.Context, prometheus bool, progress io.Writer) error {
	root, err := FindRoot()
	if err != nil {
		return err
	}
	if p.Endscope == "" {
		p.Endscope = filepath.Join(root, "bin", "endscope")
	}
	if p.Victoria == "" {
		p.Victoria = filepath.Join(root, ".cache", "debian", "bin", "victoria-metrics")
	}
	if p.Prometheus == "" && prometheus {
		p.Prometheus, err = buildPeers(ctx, root, progress)
	}
	return err
}

// FindRoot returns the nearest folder upwards that holds our go.mod and bench/peers.
func FindRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "bench", "peers", "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("run this inside the repository: no folder upwards holds bench/peers")
		}
		dir = parent
	}
}

// buildPeers builds Prometheus from bench/peers into .cache/peers and returns its path. The first time takes minutes.
func buildPeers(ctx context.Context, root string, progress io.Writer) (string, error) {
	out := filepath.Join(root, ".cache", "peers")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", err
	}
	fmt.Fprintln(progress, "building Prometheus from bench/peers (minutes the first time)")
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "remove_all_sd", "-o", out+string(filepath.Separator), "tool")
	cmd.Dir = filepath.Join(root, "bench", "peers")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build Prometheus: %w\n%s", err, text)
	}
	return filepath.Join(out, "prometheus"), nil
}
