package receivers

import (
	"context"
	"fmt"
	"log/slog"
)

// scrubbedHandler removes secrets from what Alertmanager's notifiers log.
type scrubbedHandler struct {
	slog.Handler
	s *scrubber
}

func scrubbedLogger(l *slog.Logger, s *scrubber) *slog.Logger {
	return slog.New(scrubbedHandler{l.Handler(), s})
}

// Handle passes a record on without secrets.
func (h scrubbedHandler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, h.s.text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(h.attr(a))
		return true
	})
	return h.Handler.Handle(ctx, clean)
}

func (h scrubbedHandler) attr(a slog.Attr) slog.Attr {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, h.s.text(v.String()))
	case slog.KindAny:
		return slog.String(a.Key, h.s.text(fmt.Sprint(v.Any())))
	case slog.KindGroup:
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(h.attrs(v.Group())...)}
	default:
		return slog.Attr{Key: a.Key, Value: v}
	}
}

func (h scrubbedHandler) attrs(list []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(list))
	for i, a := range list {
		out[i] = h.attr(a)
	}
	return out
}

// WithAttrs returns a handler that adds attributes.
func (h scrubbedHandler) WithAttrs(list []slog.Attr) slog.Handler {
	return scrubbedHandler{h.Handler.WithAttrs(h.attrs(list)), h.s}
}

// WithGroup returns a handler that puts what follows into a group.
func (h scrubbedHandler) WithGroup(name string) slog.Handler {
	return scrubbedHandler{h.Handler.WithGroup(name), h.s}
}
