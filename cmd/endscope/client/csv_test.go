package client

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// Lines end in LF, and fields are what they were, however the stream is cut into pieces.
func TestLineFeeds(t *testing.T) {
	const in = "a,b\r\n\"x\r\ny\",\"say \"\"\r\n\"\"\"\r\n-1,\"\"\r\n"
	for size := 1; size <= len(in); size++ {
		var out bytes.Buffer
		l := &lineFeeds{to: &out}
		for rest := in; rest != ""; {
			n := min(size, len(rest))
			written, err := l.Write([]byte(rest[:n]))
			require.NoError(t, err)
			require.Equal(t, n, written)
			rest = rest[n:]
		}
		require.Equal(t, "a,b\n\"x\r\ny\",\"say \"\"\r\n\"\"\"\n-1,\"\"\n", out.String(), size)
	}
}
