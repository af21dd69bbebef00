package hub

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
)

const killEnv = "ENDSCOPE_HUB_KILL_PATH"

// runForEver is the child: a hub whose routing prints what it is handed and sometimes refuses, to which alerts are applied all the time.
func runForEver(path string) int {
	ctx := context.Background()
	store, err := state.Open(ctx, state.DefaultConfig(), state.Settings{Path: path})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	var out sync.Mutex
	say := func(a ...any) {
		out.Lock()
		defer out.Unlock()
		fmt.Println(a...)
	}
	h, err := New(DefaultConfig(), Settings{Store: store, Route: func(_ context.Context, all []RouteAlert) error {
		if rand.IntN(5) == 0 {
			return fmt.Errorf("not now")
		}
		for _, a := range all {
			say("routed", a.ID)
		}
		return nil
	}})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	go func() {
		for {
			n := rand.IntN(1 << 60)
			if err := h.Apply(ctx, []alerts.Transition{{Alert: fired(n, time.Now())}}); err != nil {
				say("error", err)
				return
			}
			say("applied", fmt.Sprintf("id-%d", n))
		}
	}()
	_ = h.Run(ctx)
	return 1
}

func TestWhatWasAcknowledgedIsHandedOnAfterSIGKILL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.db")
	applied := map[string]bool{}
	for life := range 4 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), killEnv+"="+path)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			word, id, _ := strings.Cut(lines.Text(), " ")
			require.NotEqual(t, "error", word, id)
			if word == "applied" {
				applied[id] = true
			}
			if n == 60+life*37 {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		require.Error(t, cmd.Wait())
	}
	store, err := state.Open(t.Context(), state.DefaultConfig(), state.Settings{Path: path})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	r := &router{}
	h, err := New(DefaultConfig(), Settings{Store: store, Route: r.route})
	require.NoError(t, err)
	require.NoError(t, h.Resume(t.Context()))
	routed := map[string]int{}
	for _, a := range r.all() {
		routed[a.ID]++
	}
	require.Greater(t, len(applied), 50)
	for id := range applied {
		require.Equal(t, 1, routed[id], "every alert that has not resolved, once")
	}
}
