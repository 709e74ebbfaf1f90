package doctor

// maxPages is more than any list has within the quotas of AWS: 600 REST APIs at 25 a
// page, 500 resources of a stack at 100.
const maxPages = 200

// pages reads a list whole. It asks with the token of the page before until there is
// none; the first token is nil. What was read before an error is returned with it.
// A list that comes back to a token, or does not end, is an odd answer.
func pages[T any](page func(token *string) (part []T, next *string, err error)) (all []T, err error) {
	seen := map[string]bool{}
	var token *string
	for range maxPages {
		part, next, err := page(token)
		all = append(all, part...)
		switch {
		case err != nil:
			return all, err
		case next == nil || *next == "":
			return all, nil
		case seen[*next]:
			return all, errOdd
		}
		seen[*next] = true
		token = next
	}
	return all, errOdd
}
