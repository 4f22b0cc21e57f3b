/** Replaced by the issuer's pages. */
export const IssuerView = () => <p class="summary">The issuer has no page yet.</p>;
