package tsdb

import (
	"context"
	"errors"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
)

// appender is what the writes of one group share. Exemplars that come without a sample, as remote write 1.0 sends them, go through
// an appender of the older kind: the newer one takes them only with a sample.
type appender struct {
	storage.AppenderV2
	db        *promtsdb.DB
	exemplars storage.Appender
	watch     Watch
	watermark int64                     // samples at or before it are late; with nobody watching, none is
	marks     map[int64][]labels.Labels // series of the marks stored because of late samples, by time
}

var errShared = errors.New("the appender is shared: the store commits it")

// AppendExemplar adds one exemplar to a series that is in memory.
func (a *appender) AppendExemplar(ref storage.SeriesRef, ls labels.Labels, e exemplar.Exemplar) (storage.SeriesRef, error) {
	if a.exemplars == nil {
		a.exemplars = a.db.Appender(context.Background())
	}
	return a.exemplars.AppendExemplar(ref, ls, e)
}

// Commit refuses: one write must not commit the others'.
func (a *appender) Commit() error { return errShared }

// Rollback refuses: one write must not roll the others back.
func (a *appender) Rollback() error { return errShared }

func (a *appender) commit() error {
	err := a.AppenderV2.Commit()
	if err == nil {
		for at, series := range a.marks {
			for _, mark := range series {
				a.watch.Kept(mark, at)
			}
		}
	}
	if a.exemplars == nil {
		return err
	}
	if err != nil {
		return errors.Join(err, a.exemplars.Rollback())
	}
	return a.exemplars.Commit()
}
