package config

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPrefixReachesEveryFieldOfAJoinedError(t *testing.T) {
	err := errors.Join(Invalid("retention", "1m", "must be at least 2h"), errors.Join(Invalid("sync", "never", "must be one of commit, interval, off")), fs.ErrExist)
	err = Prefix("storage", err)
	var keys []string
	for _, f := range Fields(err) {
		keys = append(keys, f.Key)
	}
	require.Equal(t, []string{"storage.retention", "storage.sync"}, keys)
	require.ErrorIs(t, err, fs.ErrExist)
	require.ErrorContains(t, err, "storage.retention: must be at least 2h (got 1m)")
	require.NoError(t, Prefix("storage", nil))
}

func TestBytesReadWhatTheyWrite(t *testing.T) {
	for _, text := range []string{"0", "1B", "512MiB", "93GiB"} {
		b, err := ParseBytes(text)
		require.NoError(t, err)
		require.Equal(t, text, b.String())
	}
	for _, text := range []string{"", "512", "-1MiB", "many", "1.2.3MiB"} {
		_, err := ParseBytes(text)
		require.ErrorContains(t, err, "is not a size", text)
	}
}
