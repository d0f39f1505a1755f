/** The token of a file of which it is not known whether it was delivered. No source makes such a one. */
export const noState = "(no state)"
