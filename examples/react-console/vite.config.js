import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** One build serves every environment: where the backend is, the page asks at run time. */
function configuration(server) {
  server.middlewares.use("/config.json", (request, response) => {
    const { NEXT_PUBLIC_API_URL: apiUrl = "", NEXT_PUBLIC_API_KEY: apiKey = "" } = process.env;
    response.setHeader("Content-Type", "application/json");
    response.setHeader("Cache-Control", "no-store");
    response.end(JSON.stringify({ apiUrl, apiKey }));
  });
}

export default defineConfig({
  plugins: [react(), { name: "configuration", configureServer: configuration, configurePreviewServer: configuration }],
  resolve: {
    alias: { "@client": fileURLToPath(new URL("../../images/console/static/client.js", import.meta.url)) },
  },
  server: { fs: { allow: ["../.."] } },
  preview: { strictPort: true },
});
