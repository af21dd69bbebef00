package web

import (
	"errors"
	"net/http"

	"github.com/endscope/endscope/live"
)

// liveProblemOf maps what the live view says.
func liveProblemOf(err error) (p Problem, known bool) {
	var (
		limit   *live.LimitError
		filter  *live.FilterError
		upgrade *live.UpgradeError
	)
	switch {
	case errors.As(err, &limit):
		return Problem{"/problems/busy", "Server is busy", http.StatusServiceUnavailable, limit.Error()}, true
	case errors.As(err, &filter):
		return Problem{"/problems/bad-parameter", "Bad parameter", http.StatusBadRequest, filter.Error()}, true
	case errors.As(err, &upgrade):
		return Problem{"/problems/upgrade-required", "Upgrade required", http.StatusUpgradeRequired, upgrade.Error()}, true
	case errors.Is(err, live.ErrStopped):
		return Problem{"/problems/stopping", "Server is stopping", http.StatusServiceUnavailable, err.Error()}, true
	}
	return Problem{}, false
}
