// The client, and a validator of each body at run time.
export default {
  output: "client",
  logs: { file: false },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", { name: "zod" }, { name: "@hey-api/sdk", validator: true }],
};
