// Package apigw is what the events of API Gateway's HTTP APIs (payload format 2.0)
// mean, for the authorizer and the other functions alike. It links no AWS package.
package apigw

import "strings"

// Cookies returns the request's cookies out of the two places that an event may have
// them in: its own field, and the Cookie header's lines. AWS fills the field and
// drops the header; SAM's emulator leaves the cookies in both. So a cookie that
// stands in both, to the byte, is one; what stands in the header alone, or there more
// often, comes behind. Nothing that was there twice in either place becomes one.
func Cookies(field, header []string) []string {
	if len(header) == 0 {
		return field
	}
	if len(field) == 0 {
		return header
	}
	known := map[string]int{}
	for pair := range pairs(field) {
		known[pair]++
	}
	all := field[:len(field):len(field)]
	for pair := range pairs(header) {
		if known[pair] > 0 {
			known[pair]--
			continue
		}
		all = append(all, pair)
	}
	return all
}

// pairs yields the name=value of each cookie in lines of the Cookie header (RFC 6265
// section 4.2.1).
func pairs(lines []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, line := range lines {
			for pair := range strings.SplitSeq(line, ";") {
				if pair = strings.Trim(pair, " \t"); pair != "" && !yield(pair) {
					return
				}
			}
		}
	}
}
