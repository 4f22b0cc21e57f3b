import { fault } from '../../../../src/policy/compile/fault.ts';
import { letsInOthers } from './strength.ts';
import { isRead, type Lint, methodsOf, type Subject } from './subject.ts';

export const formMethod: Lint = {
  name: 'form-method',
  finds: 'a POST with other rules than PUT, PATCH or DELETE at its path, and no word on `form_methods`',
  why: 'Rails, Laravel, Symfony and Spring can take the method of a POST from the field `_method` of its form, which the gateway does not read unless it is told to',
  remedy: 'write `form_methods = "none"` if your origin does not, and `"read"` if it does',
  *find({ section, policy, hosts }) {
    for (const api of policy.apis) {
      if (hasWord(section, api.name)) continue;
      const found = hosts
        .map(({ routes }) => {
          const own = routes.filter(({ route }) => route.api === api);
          const posts = own.filter(({ key }) => key.methods.includes('POST'));
          return posts.flatMap((post) => {
            const other = own.find(
              (one) =>
                one.key.pattern === post.key.pattern &&
                methodsOf(one.key).some((method) => !isRead(method) && method !== 'POST') &&
                letsInOthers(post.route, one.route),
            );
            return other === undefined ? [] : [{ post, other }];
          })[0];
        })
        .find((one) => one !== undefined);
      if (found === undefined) continue;
      const { post, other } = found;
      yield fault(
        post.place,
        `a form with _method may get around the rules of ${JSON.stringify(other.route.key)}`,
        `write form_methods = "none" under ${api.name} if the origin takes no method from forms, else "read"`,
      );
    }
  },
};

const hasWord = ({ vars }: Subject['section'], name: string): boolean =>
  Object.hasOwn((vars?.[name] as object | undefined) ?? {}, 'form_methods');
