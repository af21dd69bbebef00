package app

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/endscope/endscope/agent/lifecycle"
	"github.com/endscope/endscope/agent/supervise"
	"github.com/endscope/endscope/cmd/internal/cli"
)

// openServer makes the supervisor of the model server, where the agent runs one.
func (i *instance) openServer(c child) error {
	if len(c.command) == 0 {
		return nil
	}
	var err error
	i.server, err = supervise.New(i.cfg.Exec, supervise.Settings{
		Logger: i.log, Registerer: i.reg, Command: c.command, Stdin: os.Stdin, Stdout: c.out, Stderr: c.errOut, Signals: c.signals,
		Output: func(stream string) io.WriteCloser { return i.console.Stream(stream) },
		Event:  func(e supervise.ProcessEvent) { i.life.Process(processEvent(e)) },
	})
	return err
}

// processEvent says in the words of the life cycle what happened to the process.
func processEvent(e supervise.ProcessEvent) lifecycle.ProcessEvent {
	kinds := map[supervise.EventKind]lifecycle.Kind{
		supervise.Created: lifecycle.Created, supervise.Started: lifecycle.Started, supervise.Exited: lifecycle.Exited,
		supervise.Killing: lifecycle.Killing, supervise.BackOff: lifecycle.BackOff,
	}
	return lifecycle.ProcessEvent{
		Kind: kinds[e.Kind], Time: e.Time, PID: e.PID, ExitCode: e.ExitCode, Signal: e.Signal, OOMKilled: e.OOMKilled,
		Attempt: e.Attempt, Wait: e.Wait, Reason: e.Reason,
	}
}

// passedOn are the signals that the agent passes on to the model server as they are. SIGTERM and SIGINT end the agent, and with it the server.
func passedOn() (signals <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 16)
	signal.Notify(c, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH)
	return c, func() { signal.Stop(c) }
}

// runServer runs the instance until its server has ended or ctx ends. Its error is the exit code of the server where that is what there is to say.
func (i *instance) runServer(ctx context.Context) error {
	err := errors.Join(i.run(ctx), i.Close())
	var ended *supervise.ExitError
	switch {
	case errors.As(err, &ended):
		i.log.Error("the agent ends with its model server", "err", err, "exit_code", ended.Code)
		return cli.ExitCode(ended.Code)
	case errors.Is(err, errServerEnded):
		i.log.Info("the agent ends with its model server", "exit_code", 0)
		return nil
	}
	return err
}
