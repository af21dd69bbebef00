package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// maxURLFile is the longest file with a URL, in bytes.
const maxURLFile = 8 << 10

// pingAll calls the dead-man URL at once and then at every interval, while alerting works.
func (w *Watchdog) pingAll(ctx context.Context) {
	tick := time.NewTicker(w.cfg.DeadManInterval)
	defer tick.Stop()
	for first := true; ; first = false {
		if !first || w.waitForLook(ctx) {
			w.ping(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// waitForLook returns true once the watchdog has looked for the first time.
func (w *Watchdog) waitForLook(ctx context.Context) bool {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		w.mu.Lock()
		running := w.running
		w.mu.Unlock()
		if running {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

func (w *Watchdog) ping(ctx context.Context) {
	if w.works() != nil {
		w.metrics.pings.WithLabelValues("withheld").Inc()
		return
	}
	err := w.call(ctx)
	if ctx.Err() != nil {
		return
	}
	text := ""
	if err != nil {
		text = err.Error()
		w.metrics.pings.WithLabelValues("failed").Inc()
	} else {
		w.metrics.pings.WithLabelValues("ok").Inc()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if text != w.deadMan { // not the same every minute
		if text != "" {
			w.log.Error("the dead-man URL could not be called", "err", text)
		} else {
			w.log.Info("the dead-man URL is called again")
		}
		w.deadMan = text
	}
}

// call asks the URL once. Its errors never show it.
func (w *Watchdog) call(ctx context.Context) error {
	address, err := w.deadManURL()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, w.cfg.DeadManTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return errors.New("it is no URL")
	}
	resp, err := w.set.HTTPClient.Do(req)
	if err != nil {
		return blurred(err)
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again; the status says it all
	_ = resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("it answered %d", resp.StatusCode)
	}
	return nil
}

func (w *Watchdog) deadManURL() (string, error) {
	if w.cfg.DeadManURLFile == "" {
		return string(w.cfg.DeadManURL), nil
	}
	f, err := os.Open(w.cfg.DeadManURLFile)
	if err != nil {
		return "", err // it names the file only
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxURLFile))
	if err != nil {
		return "", fmt.Errorf("read dead_man_url_file: %w", err)
	}
	address := strings.TrimSpace(string(text))
	if checkDeadManURL(address) != nil {
		return "", errors.New("dead_man_url_file holds no http or https URL with a host")
	}
	return address, nil
}

func checkDeadManURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("it is no http or https URL with a host")
	}
	return nil
}

// blurred says what went wrong without the address, which errors of net/http and net hold.
func blurred(err error) error {
	var (
		timeout net.Error
		dns     *net.DNSError
		dial    *net.OpError
	)
	switch {
	case errors.As(err, &dns):
		return errors.New("its host's name was not found")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("it did not answer in time")
	case errors.As(err, &dial):
		return errors.New("its host could not be reached")
	}
	return errors.New("the call failed")
}
