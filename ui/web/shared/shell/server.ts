import { createContext, useContext } from "react";

/** The name of the server whose screens these are, in the language of the screen. */
export const ServerName = createContext("");

export const useServer = () => useContext(ServerName);
