package value

// Bag is a dynamic property bag: keys in the order in which they were first set. Keys are case-sensitive. The zero Bag is empty.
// A bag that was given away is not changed any more.
type Bag struct {
	keys  []string
	vals  []Value
	index map[string]int // made when there are more than a few keys
}

const bagScan = 8 // up to so many keys, a scan is faster than a map

// Len returns the number of keys.
func (b *Bag) Len() int { return len(b.keys) }

// Keys returns the keys in order. The slice is the bag's own.
func (b *Bag) Keys() []string { return b.keys }

// At returns the i-th pair.
func (b *Bag) At(i int) (string, Value) { return b.keys[i], b.vals[i] }

func (b *Bag) find(key string) int {
	if b.index != nil {
		if i, ok := b.index[key]; ok {
			return i
		}
		return -1
	}
	for i, k := range b.keys {
		if k == key {
			return i
		}
	}
	return -1
}

// Get returns the value of a key, and whether it is there.
func (b *Bag) Get(key string) (Value, bool) {
	if i := b.find(key); i >= 0 {
		return b.vals[i], true
	}
	return nil, false
}

// Set sets the value of a key; a key that is there keeps its place.
func (b *Bag) Set(key string, v Value) {
	if i := b.find(key); i >= 0 {
		b.vals[i] = v
		return
	}
	b.keys, b.vals = append(b.keys, key), append(b.vals, v)
	if b.index != nil {
		b.index[key] = len(b.keys) - 1
	} else if len(b.keys) > bagScan {
		b.index = make(map[string]int, 2*len(b.keys))
		for i, k := range b.keys {
			b.index[k] = i
		}
	}
}
