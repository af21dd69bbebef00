package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/agent/push"
	"github.com/endscope/endscope/agent/spool"
)

// maxSkew is the difference of clocks from which Check warns; receivers refuse samples that are about ten minutes ahead.
const maxSkew = 30 * time.Second

// Finding is one thing that Check looked at.
type Finding struct {
	Name   string // what, such as "server" or "collector host"
	Err    error  // nil when it is fine
	Detail string // one line for people, also when it is fine
	InUse  bool   // of the spool: an agent runs with its folder
}

// Check tries what a run would need, without storing or sending a sample: it sends an empty request (address, credentials, protocol), compares clocks,
// opens the spool, and reads each source once. The error is that of Config.Validate; what does not work is in the findings. The collectors stay the caller's.
func Check(ctx context.Context, cfg Config, set Settings) ([]Finding, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	var all []Finding
	add := func(name string, detail string, err error) {
		if err != nil {
			detail = err.Error()
		}
		all = append(all, Finding{Name: name, Detail: detail, Err: err})
	}
	id, err := cfg.identity()
	add("identity", id.String(), err)

	a, err := probe(ctx, cfg)
	switch {
	case err != nil:
		add("server", "", fmt.Errorf("%s cannot be reached: %w", cfg.writeURL(), err))
	case a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden:
		add("server", cfg.writeURL()+" answers", nil)
		add("credentials", "", fmt.Errorf("not accepted: %w", a.Err()))
	case a.Status == http.StatusUnsupportedMediaType:
		add("server", cfg.writeURL()+" speaks remote write 1.0 only; rounds are converted", nil)
	case a.Status/100 != 2:
		add("server", "", fmt.Errorf("%s does not take an empty request: %w", cfg.writeURL(), a.Err()))
	default:
		add("server", fmt.Sprintf("%s answers %d", cfg.writeURL(), a.Status), nil)
		add("credentials", "accepted", nil)
	}
	if err == nil {
		checkClock(a, add)
	}
	inUse := checkSpool(cfg, set.Logger, add)
	all[len(all)-1].InUse = inUse
	for _, s := range set.Sources {
		begin := time.Now()
		readings, err := collectOnce(ctx, s)
		if err != nil {
			err = fmt.Errorf("%d readings, and: %w", len(readings), err)
		}
		add("collector "+s.Collector.Name(), fmt.Sprintf("%d readings in %s", len(readings), time.Since(begin).Round(time.Millisecond)), err)
	}
	return all, nil
}

// probe sends a request of 2.0 that holds nothing.
func probe(ctx context.Context, cfg Config) (push.Answer, error) {
	client, err := cfg.HTTPClient.Client()
	if err != nil {
		return push.Answer{}, err
	}
	defer client.CloseIdleConnections()
	m, err := newMetrics(prometheus.NewRegistry(), func() spool.Stats { return spool.Stats{} })
	if err != nil {
		return push.Answer{}, err
	}
	s := newSender(cfg.writeURL(), client, cfg.Send, nil, m, slog.New(slog.DiscardHandler))
	plain, _, err := newEncoder(nil).finish()
	if err != nil {
		return push.Answer{}, err
	}
	if len(plain) == 0 {
		plain = snappy.Encode(nil, nil)
	}
	return s.post(ctx, plain, contentV2, "2.0.0")
}

func checkClock(a push.Answer, add func(string, string, error)) {
	theirs, err := http.ParseTime(a.Header.Get("Date"))
	if err != nil {
		return // a server without a clock tells nothing
	}
	skew := time.Since(theirs).Round(time.Second) // to the second, as the header is
	if skew.Abs() > maxSkew {
		add("clock", "", fmt.Errorf("this clock is %s away from the server's: samples from the future are refused", skew))
		return
	}
	add("clock", fmt.Sprintf("within %s of the server's", maxSkew), nil)
}

// checkSpool opens the spool if the folder exists, and else tries whether it could be made, without leaving anything behind. It returns whether
// a running agent uses it.
func checkSpool(cfg Config, log *slog.Logger, add func(string, string, error)) (inUse bool) {
	parent := cfg.DataDir
	for !isDir(parent) && parent != filepath.Dir(parent) {
		parent = filepath.Dir(parent)
	}
	if f, err := os.CreateTemp(parent, ".endscope-check-*"); err != nil {
		add("spool", "", fmt.Errorf("cannot write: %w", err))
		return false
	} else {
		_ = errors.Join(f.Close(), os.Remove(f.Name()))
	}
	if parent != cfg.DataDir {
		add("spool", cfg.DataDir+" can be made", nil)
		return false
	}
	s, err := spool.Open(cfg.Spool, spool.Settings{Dir: cfg.DataDir, Logger: log})
	if errors.Is(err, spool.ErrLocked) {
		add("spool", cfg.DataDir+" is in use by a running agent", nil)
		return true
	}
	if err != nil {
		add("spool", "", err)
		return false
	}
	st := s.Stats()
	add("spool", fmt.Sprintf("%s can be written; %d rounds wait (%d bytes)", cfg.DataDir, st.Entries, st.Bytes), s.Close())
	return false
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
