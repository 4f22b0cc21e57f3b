/** How every request of our own names itself: some firewalls refuse those without. A test holds it to package.json. */
export const USER_AGENT = 'claimgate/0.1.0';
