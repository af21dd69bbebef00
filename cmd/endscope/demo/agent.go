package demo

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	agentapp "github.com/endscope/endscope/cmd/endscope-agent/app"
	"github.com/endscope/endscope/cmd/internal/cli"
)

// How agents push here: a server that comes back is found soon, and an agent that stops does not wait long.
const (
	longestBackOff  = 2 * time.Second
	shutdownTimeout = 2 * time.Second
)

// NewAgent returns the hidden command that is the whole of endscope-agent: one program cannot be of another version than the other.
func NewAgent(env cli.Env) (*cobra.Command, error) {
	return &cobra.Command{
		Use: agentCommand, Short: "What endscope-agent is, for `endscope demo`", Hidden: true, DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			root, err := agentapp.NewRoot(env)
			if err != nil {
				return err
			}
			root.SetArgs(args)
			return root.ExecuteContext(cmd.Context())
		},
	}, nil
}

// place is where one instance listens on loopback, as host:port.
type place struct{ proxy, server string }

// serverAgent returns the command line of the agent that runs the scoring server of a role.
func (f *fleet) serverAgent(r role, at place) []string {
	url := "http://" + at.server
	gpus := 0
	if f.simulateGPU {
		gpus = 1 + r.spareGPUs
	}
	args := f.agent(r, r.instance, serverContainer, r.image,
		"--proxy.listen="+at.proxy, "--proxy.target="+url, "--proxy.status-codes=azure", "--proxy.max-concurrent=16", "--proxy.max-queue=64",
		"--proxy.bandwidth-limit=256KiB", "--proxy.bandwidth-burst=1KiB", "--proxy.drain-timeout=1s",
		"--scrape.targets="+url, "--scrape.mappings="+f.mapping(),
		"--lifecycle.readiness.http="+url+"/health", "--lifecycle.readiness.initial-delay=500ms", "--lifecycle.readiness.period=5s", "--lifecycle.start-period=100ms",
		"--lifecycle.liveness.http="+url+"/health", "--lifecycle.liveness.initial-delay=5s", "--lifecycle.liveness.period=5s",
		fmt.Sprintf("--collectors.gpu.enabled=%t", f.simulateGPU), fmt.Sprintf("--collectors.simulated-gpu.devices=%d", gpus), fmt.Sprintf("--collectors.simulated-gpu.idle=%d", max(gpus-1, 0)),
	)
	return append(append(args, "--", f.program), serverArgs(r, at.server)...)
}

// mountConfig makes the series of a second container's agent differ from those of the first's, as both are of one instance.
const mountConfig = "labels:\n  container: " + mountContainer + "\n"

// mountAgent returns the command line of the agent that runs the second container of a role.
func (f *fleet) mountAgent(r role) []string {
	args := f.agent(r, r.instance+"-"+mountContainer, mountContainer, mountContainer+":1",
		"--config.file="+f.mountConfig(), "--exec.backoff-min=1s", "--collectors.host.enabled=false", "--collectors.gpu.enabled=false",
		"--live.enabled=false", // that is for the first container's agent, which has the proxy
	)
	return append(args, "--", f.program, mountCommand)
}

// agent returns the command line of an agent that runs a container of a role; name is that of its folder.
func (f *fleet) agent(r role, name, container, image string, more ...string) []string {
	return append([]string{f.program, agentCommand, "exec",
		"--server=" + f.server, "--endpoint=" + sampleEndpoint, "--deployment=" + r.deployment, "--instance=" + r.instance, fmt.Sprintf("--interval=%s", f.interval),
		"--data-dir=" + filepath.Join(f.dir, "agents", name), "--metrics.listen=", "--console.container=" + container, "--console.image=" + image,
		"--exec.passthrough=false", fmt.Sprintf("--exec.stop-timeout=%s", serverStopTimeout), "--logs.flush-interval=200ms",
		fmt.Sprintf("--send.backoff-max=%s", longestBackOff), fmt.Sprintf("--send.shutdown-timeout=%s", shutdownTimeout),
		fmt.Sprintf("--logs.send.backoff-max=%s", longestBackOff), fmt.Sprintf("--logs.send.shutdown-timeout=%s", shutdownTimeout),
		"--identity.environment=off", "--identity.kubernetes=off", "--identity.docker=off", "--kubernetes.events=off", // this machine's are not the instance's
	}, more...)
}
