package fn

import (
	"math/big"
	"math/bits"
)

// int128 is a sum of 64-bit integers that cannot overflow: two's complement of 128 bits.
type int128 struct {
	high int64
	low  uint64
}

func (s *int128) add(x int64) {
	var carry uint64
	s.low, carry = bits.Add64(s.low, uint64(x), 0)
	s.high += x>>63 + int64(carry)
}

func (s *int128) big() *big.Int {
	b := new(big.Int).Lsh(big.NewInt(s.high), 64)
	return b.Add(b, new(big.Int).SetUint64(s.low))
}

// mean returns the sum divided by n > 0, rounded down in size. It is the mean of n integers, so that it fits.
func (s *int128) mean(n int64) int64 { return new(big.Int).Quo(s.big(), big.NewInt(n)).Int64() }

func (s *int128) float() float64 {
	f, _ := new(big.Float).SetInt(s.big()).Float64()
	return f
}
