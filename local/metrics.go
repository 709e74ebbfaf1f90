package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
)

// metricsServer listens for Prometheus on an address of its own, so that what it shows is
// not on the public one. It returns none where no address is given.
func (c *serveCmd) metricsServer(s served, log *slog.Logger) ([]server, error) {
	if s.metrics == nil {
		return nil, nil
	}
	listener, err := net.Listen("tcp", c.MetricsAddr)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w: choose another --metrics-addr", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.Handler())
	return []server{{newServer(mux, log), listener}}, nil
}
