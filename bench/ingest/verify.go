package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/internal/subproc"
)

// verify asks the server how many samples it holds of every metric of the load, and returns an error that names the first metrics whose
// count is still wrong after patience: a server may show its last samples a few seconds late.
func verify(ctx context.Context, addr string, l *load, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var wrong []string
	for name, want := range l.expect {
		var got int
		late, stop := context.WithTimeout(ctx, patience)
		err := subproc.Await(late, func(context.Context) (err error) { // patience ends the waiting, not a question under way
			if got, err = count(ctx, addr, name, l); err == nil && got != want {
				err = fmt.Errorf("%s: %d of %d samples", name, got, want)
			}
			return err
		})
		stop()
		if err != nil {
			wrong = append(wrong, err.Error())
			if len(wrong) == 3 { // enough to see what is wrong; do not wait for each
				break
			}
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("samples are missing after every request was acknowledged:\n%s", strings.Join(wrong, "\n"))
}

// count returns the number of samples of one metric over the time of the load.
func count(ctx context.Context, addr, name string, l *load) (int, error) {
	window := l.end.Sub(l.start) + spacing
	v := url.Values{
		"query":   {fmt.Sprintf("sum(count_over_time(%s[%ds]))", name, int(window.Seconds()))},
		"time":    {strconv.FormatInt(l.end.Unix(), 10)},
		"nocache": {"1"},
	}
	body, err := subproc.Get(ctx, "http://"+addr+"/api/v1/query", v)
	if err != nil {
		return 0, err
	}
	var answer struct {
		Data struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, fmt.Errorf("read the answer to %s: %w", v.Get("query"), err)
	}
	if len(answer.Data.Result) == 0 {
		return 0, nil
	}
	text, ok := answer.Data.Result[0].Value[1].(string)
	if !ok {
		return 0, fmt.Errorf("the answer to %s holds no value: %s", v.Get("query"), body)
	}
	n, err := strconv.ParseFloat(text, 64)
	return int(n), err
}
