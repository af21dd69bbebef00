package proxy

import (
	"net/http"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// stepped returns t as it would be read if the wall clock had been wrong by d when it was taken; its monotonic reading stays.
func stepped(t *testing.T, at time.Time, d time.Duration) time.Time {
	t.Helper()
	moved := at
	*(*uint64)(unsafe.Pointer(&moved)) += uint64(d/time.Second) << 30 // where time.Time keeps the seconds
	require.Equal(t, d, moved.Round(0).Sub(at.Round(0)), "the wall clock's part has moved")
	require.Zero(t, moved.Sub(at), "and the monotonic part has not")
	return moved
}

func TestRowsHaveTheTimeAfterAStepOfTheWallClock(t *testing.T) {
	model := server(t, func(http.ResponseWriter, *http.Request) {})
	for name, request := range map[string]string{"answered": getScore, "malformed": "GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			f := start(t, model.URL, nil)
			f.epoch = stepped(t, f.epoch, 3*time.Hour)
			began := time.Now()
			exchangeRaw(t, f.url, request)
			row := f.row(1)
			require.False(t, row.Time.Round(0).Before(began.Round(0)), "%s, asked at %s", row.Time, began)
			require.False(t, row.Time.Round(0).After(time.Now().Round(0)))
			require.Less(t, row.Total, time.Hour)
			require.GreaterOrEqual(t, row.Total, row.Received)
		})
	}
}
