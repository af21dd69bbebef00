package scoring

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
)

// columns are what an explanation calls the columns.
var columns = [Features]string{
	"limit", "sex", "education", "marriage", "age", "repayment of last month", "repayment two months ago", "repayment three months ago",
	"repayment four months ago", "repayment five months ago", "repayment six months ago", "last bill", "bill two months ago", "bill three months ago",
	"bill four months ago", "bill five months ago", "bill six months ago", "last payment", "payment two months ago", "payment three months ago",
	"payment four months ago", "payment five months ago", "payment six months ago",
}

// chunk is one event of an explanation, in the form of OpenAI's completions, which proxies and clients know.
type chunk struct {
	ID      string   `json:"id"`
	Object  string   `json:"object"`
	Model   string   `json:"model"`
	Choices []choice `json:"choices"`
	Usage   *usage   `json:"usage,omitempty"` // in the last one
}

type choice struct {
	Index  int     `json:"index"`
	Text   string  `json:"text"`
	Finish *string `json:"finish_reason"`
}

type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

// explain answers POST /explain about one applicant: the score and what made it, in words that come one by one as server-sent events.
func (s *Server) explain(w http.ResponseWriter, r *http.Request) {
	x := s.receive(w, r)
	if x.err == nil && len(x.rows) != 1 {
		x.err = fmt.Errorf("data must hold 1 row to explain (got %d)", len(x.rows))
	}
	if x.err != nil {
		s.refuse(w, x, http.StatusBadRequest)
		return
	}
	send := func(text string, finish *string, u *usage) error {
		if x.status == 0 {
			x.status = http.StatusOK
			w.Header().Set("Content-Type", "text/event-stream")
		}
		data, _ := json.Marshal(chunk{"cmpl-" + x.id, "text_completion", s.name, []choice{{0, text, finish}}, u}) // texts and numbers always can be
		if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
			return err
		}
		return http.NewResponseController(w).Flush()
	}
	read, said, cut, err := s.engine.run(r.Context(), Features, func() ([]string, error) { return s.reasons(r.Context(), x) },
		func(word string) error { return send(word+" ", nil, nil) })
	if x.err = err; err != nil && r.Context().Err() != nil {
		x.err = errLeft
	}
	switch {
	case x.status != 0: // a 200 has been sent, whatever came then
		if err == nil {
			finish := "stop"
			if cut {
				finish = "length"
			}
			_ = send("", &finish, &usage{read, said, read + said})
			_, _ = io.WriteString(w, "data: [DONE]\n\n")
		}
		s.finish(x)
		if err != nil {
			panic(http.ErrAbortHandler) // half an answer must not look whole
		}
	case errors.Is(err, errFull):
		s.refuse(w, x, http.StatusTooManyRequests)
	default:
		s.refuse(w, x, http.StatusInternalServerError)
	}
}

// reasons scores an applicant and says what weighed most: by how much the score changes when a value is that of a typical applicant.
func (s *Server) reasons(ctx context.Context, x *exchange) ([]string, error) {
	a := x.rows[0]
	scores, err := s.ask(ctx, x)
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
