package main

import (
	"encoding/json"
	"net/http"
)

// eventHeaders are the headers that are read. Package json compares names without
// regard to case, so each field gathers every spelling of its header.
type eventHeaders struct {
	Cookie        gathered `json:"cookie"`
	Authorization gathered `json:"authorization"`
	SecFetchSite  gathered `json:"sec-fetch-site"`
	Origin        gathered `json:"origin"`
	Passive       gathered `json:"coatcheck-passive"`
}

// gathered keeps every value that it is given, where a string would keep the last.
type gathered []string

// UnmarshalJSON adds one value, or a list of them.
func (g *gathered) UnmarshalJSON(raw []byte) error {
	if raw[0] == '[' {
		var values []string
		err := json.Unmarshal(raw, &values)
		*g = append(*g, values...)
		return err
	}
	var value string
	err := json.Unmarshal(raw, &value)
	*g = append(*g, value)
	return err
}

func (h eventHeaders) header() http.Header {
	return http.Header{
		"Cookie": h.Cookie, "Authorization": h.Authorization, "Sec-Fetch-Site": h.SecFetchSite,
		"Origin": h.Origin, "Coatcheck-Passive": h.Passive,
	}
}

// or returns the headers with all their values, and of what is missing among those
// what stands in the other place, where each has one.
func (h eventHeaders) or(single eventHeaders) http.Header {
	all := h.header()
	for name, values := range single.header() {
		if len(all[name]) == 0 {
			all[name] = values
		}
	}
	return all
}
