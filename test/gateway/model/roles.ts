/** A call in a role, by the way that leads to it. */
import { post } from '../open.ts';

export async function answerAs(url: string, role: string, body: object): Promise<string> {
  return (await post(`${url}/run/r0000001/${role}/v1/chat/completions`, body)).text();
}
