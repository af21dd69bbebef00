package scoring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// columns are what an explanation calls the columns.
var columns = [Features]string{
	"limit", "sex", "education", "marriage", "age", "repayment of last month", "repayment two months ago", "repayment three months ago",
	"repayment four months ago", "repayment five months ago", "repayment six months ago", "last bill", "bill two months ago", "bill three months ago",
	"bill four months ago", "bill five months ago", "bill six months ago", "last payment", "payment two months ago", "payment three months ago",
	"payment four months ago", "payment five months ago", "payment six months ago",
}

// explain answers POST /explain about one applicant: the score and what made it, in words that come one by one.
func (s *Server) explain(w http.ResponseWriter, r *http.Request) {
	s.metrics.inFlight.Inc()
	defer s.metrics.inFlight.Dec()
	x, rows, err := s.receive(w, r)
	if err == nil && len(rows) != 1 {
		err = fmt.Errorf("data must hold 1 row to explain (got %d)", len(rows))
	}
	if err != nil {
		s.answer(w, x, http.StatusBadRequest, 0, problem{err.Error()}, err)
		return
	}

	var previous time.Time
	size := 0
	say := func(word string) error {
		n, err := io.WriteString(w, word+" ")
		if err == nil {
			err = http.NewResponseController(w).Flush()
		}
		now := time.Now()
		if size == 0 {
			x.answered = now
			s.metrics.model.Observe(now.Sub(x.read).Seconds())
			s.metrics.firstToken.Observe(now.Sub(x.read).Seconds())
		} else {
			s.metrics.betweenTokens.Observe(now.Sub(previous).Seconds())
		}
		previous = now
		size += n
		return err
	}
	admitted := func() { s.metrics.queue.Observe(time.Since(x.read).Seconds()) }
	err = s.engine.run(r.Context(), Features, admitted, func() ([]string, error) { return s.reasons(r.Context(), x, rows[0]) }, say)
	switch {
	case size > 0: // a 200 has been sent, whatever came then
		if err != nil {
			reason := "model_reset"
			if r.Context().Err() != nil {
				reason = "client_abort"
			}
			s.metrics.streamErrors.WithLabelValues(reason).Inc()
		}
		s.metrics.download.Observe(time.Since(x.answered).Seconds())
		s.measure(x, http.StatusOK, http.StatusOK, size, nil, err)
	case errors.Is(err, errFull):
		s.answer(w, x, http.StatusTooManyRequests, 0, problem{err.Error()}, err)
	case r.Context().Err() != nil:
		s.answer(w, x, statusClientLeft, 0, problem{"the client left"}, err)
	default:
		x.answered = time.Now()
		s.metrics.model.Observe(x.answered.Sub(x.read).Seconds())
		s.answer(w, x, http.StatusFailedDependency, http.StatusInternalServerError, problem{err.Error()}, err)
	}
}

// reasons scores an applicant and says what weighed most: by how much the score changes when a value is that of a typical applicant.
func (s *Server) reasons(ctx context.Context, x *exchange, a Applicant) ([]string, error) {
	scores, err := s.ask(ctx, x, []Applicant{a})
	if err != nil {
		return nil, err
	}
	type weight struct {
		column string
		by     float64
	}
	var weights []weight
	for f := range Features {
		other := a
		other[f] = s.typical[f]
		score, err := s.model.Score(other)
		if err != nil {
			return nil, err
		}
		weights = append(weights, weight{columns[f], scores[0] - score})
	}
	slices.SortFunc(weights, func(x, y weight) int { return cmp.Compare(math.Abs(y.by), math.Abs(x.by)) })
	text := fmt.Sprintf("The probability of default is %.2f:", scores[0])
	for i, w := range weights[:3] {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(" %s counts for %+.3f", w.column, w.by)
	}
	return strings.Fields(text + "."), nil
}

// typical returns the median of each column.
func typical() (out Applicant) {
	rows, _ := sample(trainingSeed, trainingRows)
	for f := range Features {
		values := make([]float64, len(rows))
		for i := range rows {
			values[i] = rows[i][f]
		}
		slices.Sort(values)
		out[f] = values[len(values)/2]
	}
	return out
}
