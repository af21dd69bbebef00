package liveframe

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Encode writes a frame in at most so many bytes. Where it is larger, each view shows fewer requests; leftOut is how many are not shown. A frame that is too
// large without any gives an error.
func (f *Frame) Encode(most int64) (data []byte, leftOut int, err error) {
	if most <= 0 {
		most = UsualBytes
	}
	for keep := MaxFailing; ; keep /= 2 {
		for i := range f.Views {
			v := &f.Views[i]
			leftOut += shorten(&v.Failing, keep) + shorten(&v.Slowest, keep)
		}
		var out bytes.Buffer
		to := json.NewEncoder(&out)
		to.SetEscapeHTML(false) // each & of a path would be six bytes
		if err := to.Encode(f); err != nil {
			return nil, leftOut, fmt.Errorf("write frame: %w", err)
		}
		data = bytes.TrimSuffix(out.Bytes(), []byte("\n"))
		if int64(len(data)) <= most {
			return data, leftOut, nil
		}
		if keep == 0 {
			return nil, leftOut, fmt.Errorf("a frame of %d bytes is larger than the %d that the server takes (live.max_frame_bytes)", len(data), most)
		}
	}
}

// shorten keeps the first requests of a list, and returns how many it took away.
func shorten(list *[]Request, keep int) int {
	n := max(len(*list)-keep, 0)
	*list = (*list)[:len(*list)-n]
	return n
}
