package logs

import (
	"encoding/binary"
	"errors"

	"github.com/golang/snappy"

	"github.com/endscope/endscope/logs/internal/journal"
)

// ErrRepeated says that the store has the batch already: one with the same key was stored before. Its rows are as durable as those of the
// first time.
var ErrRepeated = errors.New("the batch was stored before")

// recordVersionKeys is that of the record that begins a journal: the keys that the one before had. Compressed with snappy, each is a text.
const recordVersionKeys = 3

// rememberedKeys is how many keys are known. A sender repeats a batch whose answer it lost within seconds or minutes, not after so many others.
const rememberedKeys = 1 << 16

// keys remembers the keys of the last batches. A key is in the journal beside its rows, so a store that is opened after a crash knows those of
// the batches whose answers the crash took. One goroutine uses it at a time: replay, and then the committer.
type keys struct {
	known map[string]struct{}
	ring  []string
	next  int
}

func (k *keys) has(key string) bool {
	_, ok := k.known[key]
	return ok
}

func (k *keys) add(key string) {
	if key == "" || k.has(key) {
		return
	}
	if k.known == nil {
		k.known = map[string]struct{}{}
	}
	k.known[key] = struct{}{}
	if len(k.ring) < rememberedKeys {
		k.ring = append(k.ring, key)
		return
	}
	delete(k.known, k.ring[k.next])
	k.ring[k.next] = key
	k.next = (k.next + 1) % rememberedKeys
}

// write begins a journal with the keys that are known, so that a second crash does not forget what the first left.
func (k *keys) write(j *journal.Journal) error {
	if len(k.ring) == 0 {
		return nil
	}
	var raw []byte
	for i := range k.ring {
		raw = appendText(raw, k.ring[(k.next+i)%len(k.ring)])
	}
	if _, err := j.Write(append([]byte{recordVersionKeys}, snappy.Encode(nil, raw)...)); err != nil {
		return err
	}
	return j.Sync()
}

func isKeys(payload []byte) bool { return len(payload) > 0 && payload[0] == recordVersionKeys }

// read adds the keys that write wrote.
func (k *keys) read(payload []byte) error {
	raw, err := snappy.Decode(nil, payload[1:])
	for err == nil && len(raw) > 0 {
		n, size := binary.Uvarint(raw)
		if size <= 0 || n > uint64(len(raw)-size) {
			return errRecord
		}
		k.add(string(raw[size : size+int(n)]))
		raw = raw[size+int(n):]
	}
	return err
}

// split takes those entries out of a group whose rows are stored already, or are by another entry of the group.
func (k *keys) split(group []*entry) (fresh, repeated []*entry) {
	fresh = group[:0:0]
	inGroup := map[string]bool{}
	for _, e := range group {
		key := e.key()
		if key != "" && (k.has(key) || inGroup[key]) {
			repeated = append(repeated, e)
			continue
		}
		if key != "" {
			inGroup[key] = true
		}
		fresh = append(fresh, e)
	}
	return fresh, repeated
}

// key tells the batches of one table apart; "" when the sender gave none.
func (e *entry) key() string {
	if e.batch.Key == "" {
		return ""
	}
	return e.table.schema.Name + "/" + e.batch.Key
}
