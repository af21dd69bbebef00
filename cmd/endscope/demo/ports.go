package demo

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
)

// Ports are looked for from firstPort on, below those that the kernel gives to outgoing connections: it might give one of these away
// before an agent listens on it.
const (
	firstPort    = 10_000
	usualDynamic = 32_768
	portTries    = 1000
)

// freeAddresses returns n addresses on loopback on which nobody listens.
func freeAddresses(n int) (addresses []string, err error) {
	end := usualDynamic
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		if first := 0; scanPort(string(text), &first) && first >= firstPort+portTries {
			end = first
		}
	}
	for range portTries {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(end-firstPort)))
		if err != nil {
			continue
		}
		defer l.Close() // once all are found, so that all differ
		if addresses = append(addresses, l.Addr().String()); len(addresses) == n {
			return addresses, nil
		}
	}
	return nil, fmt.Errorf("find %d free ports between %d and %d on 127.0.0.1: %d found in %d tries", n, firstPort, end-1, len(addresses), portTries)
}

func scanPort(text string, port *int) bool {
	n, err := fmt.Sscan(text, port)
	return n == 1 && err == nil
}
