package receivers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
	amwebhook "github.com/prometheus/alertmanager/notify/webhook"
	"github.com/prometheus/alertmanager/template"

	"github.com/endscope/endscope/alerts"
)

// webhook posts to one address: the common alert schema, one alert at a time, or Alertmanager's message. It retries itself, because
// Alertmanager's own notifier tells neither the status of an answer nor when to come back.
type webhook struct {
	b      *Builder
	kind   alerts.ReceiverType
	group  string
	common bool
	conf   *amwebhook.WebhookConfig
	client *http.Client
	once   bool // a test: no retries, no pause
}

// waits are the pauses before each retry: Azure's.
func waits() []time.Duration {
	return []time.Duration{5 * time.Second, 20 * time.Second, 5 * time.Second, 40 * time.Second, 5 * time.Second}
}

// maxRetryAfter bounds how long an answer may ask to wait.
const maxRetryAfter = time.Minute

// Notify sends the alerts. With the common alert schema each is a call of its own; they are told together only if somebody groups them.
func (w *webhook) Notify(ctx context.Context, as ...*alert.Alert) (bool, error) {
	if !w.common {
		body, address, err := w.message(ctx, as)
		if err != nil {
			return false, err
		}
		return w.send(ctx, address, body, "")
	}
	for _, a := range as {
		full := w.b.find(ctx, a)
		body, cut, err := commonSchema(full, w.b.schemaOptions(full, w.group))
		if err != nil {
			return false, err
		}
		if cut {
			w.b.metrics.cut.Inc()
		}
		_, address, err := w.render(ctx, []*alert.Alert{a})
		if err != nil {
			return false, err
		}
		if retry, err := w.send(ctx, address, body, full.ID+"-"+string(full.Condition)); err != nil {
			return retry, err
		}
	}
	return false, nil
}

// render returns the data for templates and the address.
func (w *webhook) render(ctx context.Context, as []*alert.Alert) (*template.Data, string, error) {
	data := notify.GetTemplateData(ctx, w.b.tmpl, as, w.b.log)
	text := string(w.conf.URL)
	if text == "" {
		if text = readSecret(w.conf.URLFile); text == "" {
			return nil, "", errors.New("the file with the address cannot be read or is empty")
		}
	}
	address, err := w.b.tmpl.ExecuteTextString(text, data)
	if err != nil {
		return nil, "", fmt.Errorf("template of the address: %w", err)
	}
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, "", errors.New("the address is no http or https URL")
	}
	return data, address, nil
}

// message returns Alertmanager's message, version 4, or the receiver's own payload.
func (w *webhook) message(ctx context.Context, as []*alert.Alert) ([]byte, string, error) {
	var left uint64
	if most := w.conf.MaxAlerts; most != 0 && uint64(len(as)) > most {
		left = uint64(len(as)) - most
		as = as[:most]
	}
	data, address, err := w.render(ctx, as)
	if err != nil {
		return nil, "", err
	}
	key, err := notify.ExtractGroupKey(ctx)
	if err != nil {
		return nil, "", err
	}
	var payload any = &amwebhook.Message{Data: data, Version: "4", GroupKey: key.String(), TruncatedAlerts: left}
	if w.conf.Payload != nil {
		payload, err = template.DeepCopyWithTemplate(w.conf.Payload, func(text string) (string, error) {
			return w.b.tmpl.ExecuteTextString(text, data)
		})
		if err != nil {
			return nil, "", fmt.Errorf("template of the payload: %w", err)
		}
	}
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(payload); err != nil {
		return nil, "", err
	}
	return body.Bytes(), address, nil
}

// answer is how one call ended.
type answer struct {
	again bool          // another call may help
	after time.Duration // how long the other side asks to wait
	err   error
}

// send posts a body with all retries. It returns true only where it could not finish them, so that Alertmanager does not add its own.
func (w *webhook) send(ctx context.Context, address string, body []byte, key string) (bool, error) {
	pauses := waits()
	for attempt := 0; ; attempt++ {
		g, until := gateClosed, time.Time{}
		if !w.once {
			g, until = w.b.circuits.enter(address, w.b.now())
		}
		switch g {
		case gateOpen:
			w.b.metrics.refused.WithLabelValues(string(w.kind)).Inc()
			return false, fmt.Errorf("not called until %s, because all retries failed", until.UTC().Format(time.RFC3339))
		case gateBusy:
			return true, errors.New("another message is just finding out whether the address is back")
		}
		if wait, ok := w.b.webhooks.take(address, w.b.now()); !ok {
			w.b.circuits.leave(address)
			w.b.metrics.limited.WithLabelValues(string(w.kind)).Inc()
			return true, notify.NewErrorWithReason(notify.RateLimitedReason, fmt.Errorf(
				"limit of %d calls a minute for this address: the next may be made in %s", w.b.webhooks.most, wait.Round(time.Second)))
		}
		a := w.call(ctx, address, body, key)
		switch {
		case a.err == nil:
			w.b.circuits.succeed(address)
			return false, nil
		case ctx.Err() != nil:
			w.b.circuits.leave(address)
			return true, a.err
		case !a.again:
			// The other side is there and does not want this message.
			w.b.circuits.succeed(address)
			return false, a.err
		case w.once:
			return false, a.err
		case g == gateTrial || attempt == len(pauses):
			w.b.metrics.paused.WithLabelValues(string(w.kind)).Inc()
			until := w.b.circuits.fail(address, w.b.now())
			return false, fmt.Errorf("given up after %d attempts, not called until %s: %w", attempt+1, until.UTC().Format(time.RFC3339), a.err)
		}
		w.b.metrics.retries.WithLabelValues(string(w.kind)).Inc()
		if w.b.sleep(ctx, max(pauses[attempt], a.after)) != nil {
			return true, fmt.Errorf("interrupted after %d attempts: %w", attempt+1, a.err)
		}
	}
}

func (w *webhook) call(ctx context.Context, address string, body []byte, key string) answer {
	timeout := w.b.cfg.Timeout
	if own := w.conf.Timeout; own > 0 && own < timeout {
		timeout = own
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within %s", timeout))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Endscope")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", err, context.Cause(ctx))
		}
		return answer{again: true, err: notify.RedactURL(err)}
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10)) // what it says is only for the error
	if resp.StatusCode/100 == 2 {
		return answer{}
	}
	a := answer{err: fmt.Errorf("status %d", resp.StatusCode)}
	switch code := resp.StatusCode; {
	case code/100 == 3:
		a.err = fmt.Errorf("status %d: redirects are not followed", code)
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code/100 == 5:
		a.again, a.after = true, retryAfter(resp.Header.Get("Retry-After"), w.b.now())
	}
	if said := strings.TrimSpace(string(text)); said != "" && resp.StatusCode/100 != 3 {
		a.err = fmt.Errorf("%w: %s", a.err, said)
	}
	a.err = notify.NewErrorWithReason(notify.GetFailureReasonFromStatusCode(resp.StatusCode), a.err)
	return a
}

// retryAfter reads the header of that name, seconds or a date; 0 for none, at most maxRetryAfter.
func retryAfter(text string, now time.Time) time.Duration {
	if text == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
