// Notes what was downloaded.

export const download = ({ url, file }: { url: string; file: string }, api: { log(text: string): void }): null => {
  api.log(`${file} from ${url}`.slice(0, 500));
  return null;
};
