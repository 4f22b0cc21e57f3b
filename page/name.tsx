import { visible } from '../cli/text/visible.ts';

/** Text from elsewhere: what turns text around or hides is shown as a mark, and nothing beside it is turned. */
export const Name = ({ text }: { readonly text: string }) => <bdi>{visible(text)}</bdi>;
